import io
import os
import stat
import time
import wave

import numpy as np
import pytest

from tintype.core.errors import EngineUnavailable, ValidationFailed
from tintype.media.sound.voice import available, code_of, languages, speak

spoken_here = pytest.mark.skipif(not available(), reason="espeak-ng is not installed")


def test_without_the_program_a_voice_is_refused_by_name(tmp_path):
    nowhere = str(tmp_path)
    assert not available(nowhere)
    for ask in (
        lambda: languages(nowhere),
        lambda: speak("Hello", "en", seconds_max=9, path=nowhere),
    ):
        with pytest.raises(EngineUnavailable, match="espeak-ng"):
            ask()


def program(folder, script):
    """A stand-in of our own for the program, to see how its faults are met."""
    file = folder / "espeak-ng"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}{os.defpath}"


LISTED = 'if [ "$1" = --voices ]; then echo head; echo " 5 en --/M English gmw/en"; exit 0; fi'


@pytest.mark.parametrize("script", ["exit 3", "echo rubbish", "cat >/dev/null", "kill -9 $$"])
def test_a_program_that_gives_no_sound_is_an_engine_that_is_away(tmp_path, script):
    path = program(tmp_path, f"{LISTED}\n{script}")
    with pytest.raises(EngineUnavailable, match="espeak-ng"):
        speak("Hello", "en", seconds_max=9, path=path)


def test_a_program_that_writes_without_end_is_stopped(tmp_path):
    path = program(tmp_path, f"{LISTED}\nexec cat /dev/zero")
    began = time.monotonic()
    with pytest.raises(EngineUnavailable):
        speak("Hello", "en", seconds_max=9, path=path)
    assert time.monotonic() - began < 25


def test_the_text_is_given_as_text_and_never_as_a_command(tmp_path):
    seen = tmp_path / "seen"
    path = program(tmp_path, f'{LISTED}\necho "$@" >{seen}.told; cat >{seen}; exit 1')
    hostile = "-w /tmp/x $(touch /tmp/y) `id` \x00\x1b[31m [[h@l'oU]]; rm -rf / \n <break/>"
    with pytest.raises(EngineUnavailable):
        speak(hostile, "en", seconds_max=9, path=path)
    text = seen.read_text()
    assert text.startswith("-w /tmp/x $(touch /tmp/y)")
    assert "[[" not in text
    assert "\x00" not in text
    assert "\x1b" not in text
    assert "touch" not in (tmp_path / "seen.told").read_text()


@pytest.mark.parametrize("text", ["", "   ", "\x00\x07", "x" * 2001])
@spoken_here
def test_nothing_to_say_and_too_much_are_refused(text):
    with pytest.raises(ValidationFailed) as refused:
        speak(text, "en", seconds_max=9)
    assert refused.value.param == "voice.text"


@spoken_here
def test_a_spoken_text_is_a_wav_with_true_sizes():
    data = speak("Three rooms and a balcony.", "en-us", seconds_max=20)
    with wave.open(io.BytesIO(data)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert file.getnchannels() == 1
        assert 1 < file.getnframes() / file.getframerate() < 6
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert np.abs(samples.astype(int)).max() > 2000


@spoken_here
def test_a_text_that_does_not_fit_is_said_faster_or_refused():
    text = "A quiet street, a garden to the south, and the school round the corner. " * 2
    slow = len(speak(text, "en", seconds_max=60))
    seconds = slow / 44_100
    assert len(speak(text, "en", seconds_max=seconds * 0.9)) < slow
    with pytest.raises(ValidationFailed, match="seconds to say") as refused:
        speak(text, "en", seconds_max=seconds * 0.4)
    assert refused.value.param == "voice.text"


@spoken_here
@pytest.mark.parametrize(
    ("given", "known"), [("en-US", "en-us"), ("pl-PL", "pl"), ("zh-CN", "cmn"), ("en", "en")]
)
def test_languages_are_found_by_the_codes_people_use(given, known):
    assert code_of(given) == known


@spoken_here
@pytest.mark.parametrize("language", ["xx", "english", "../../etc", "-w/tmp/x", "", "en\nus"])
def test_an_unknown_language_is_refused_by_name(language):
    with pytest.raises(ValidationFailed) as refused:
        speak("Hello", language, seconds_max=9)
    assert refused.value.param == "voice.language"


@spoken_here
def test_every_script_can_be_spoken():
    for language, text in {
        "pl": "Jasne mieszkanie nad morzem", "el": "Καλώς ήρθατε", "cmn": "欢迎光临",
        "hi": "स्वागत है", "ru": "Добро пожаловать",
    }.items():  # fmt: skip
        assert len(speak(text, language, seconds_max=20)) > 10_000

import tracemalloc

import numpy as np
import pytest

from support.sounds import RATE, decibels, sound_file, strongest_hertz, tone
from tintype.core.errors import UnsupportedMediaType, ValidationFailed
from tintype.media.sound.loudness import loudness, true_peak
from tintype.media.sound.soundtrack import soundtrack
from tintype.media.stopping import Stopped


def made(seconds, *, mood=None, audio=None, voice=None, seed=1, canceled=lambda: False):
    track = soundtrack(seconds, mood=mood, audio=audio, voice=voice, seed=seed, canceled=canceled)
    return np.concatenate(list(track))


@pytest.fixture(scope="module")
def voice():
    """Speech's stand-in, 22,050 a second as espeak-ng speaks."""
    return sound_file(tone(300, 3, rate=22_050, level=0.9), rate=22_050)


@pytest.mark.parametrize("seconds", [1, 4.0004, 1001 / 300])
def test_a_track_lasts_exactly_as_long_as_its_film(seconds, voice):
    count = round(seconds * RATE)
    short = sound_file(tone(440, 0.7))
    assert made(seconds, mood="calm").shape == (count, 2)
    assert made(seconds, audio=short).shape == (count, 2)
    if seconds > 3.1:
        assert made(seconds, voice=voice).shape == (count, 2)
        assert made(seconds, mood="calm", voice=voice).dtype == np.float32


def test_the_bed_steps_back_while_the_voice_speaks(voice):
    alone = made(7, mood="warm")
    both = made(7, mood="warm", voice=voice)
    only = made(7, voice=voice)
    under = both - only
    said = slice(int(0.7 * RATE), int(3.3 * RATE))
    after = slice(int(4.3 * RATE), 6 * RATE)
    assert decibels(under[said]) - decibels(alone[said]) == pytest.approx(-12, abs=1)
    assert decibels(under[after]) - decibels(alone[after]) == pytest.approx(0, abs=0.3)


def test_the_voice_is_louder_than_what_lies_under_it_and_nothing_clips(voice):
    track = made(5, mood="upbeat", voice=voice)
    assert true_peak(track) < -1
    assert loudness(track[int(0.5 * RATE) : int(3.5 * RATE)]) == pytest.approx(-16, abs=1.5)


@pytest.mark.parametrize("level", [0.01, 0.9])
def test_a_customers_music_is_brought_to_the_beds_loudness(level):
    track = made(6, audio=sound_file(tone(500, 8, level=level)))
    assert loudness(track) == pytest.approx(-20, abs=1)


def test_a_longer_file_is_cut_with_a_fade():
    track = made(4, audio=sound_file(tone(500, 9)))
    assert strongest_hertz(track[RATE : 2 * RATE, 0]) == pytest.approx(500, abs=2)
    assert np.abs(track[0]).max() == 0
    assert np.abs(track[-1]).max() == 0
    assert np.abs(np.diff(track, axis=0)).max() < 0.05


def test_a_shorter_file_comes_round_without_a_gap_or_a_click():
    rng = np.random.default_rng(4)
    rustle = np.convolve(rng.standard_normal(2 * RATE) * 0.3, np.ones(8) / 8, "same")
    track = made(12, audio=sound_file(rustle.astype(np.float32)))
    inner = track[RATE : 8 * RATE, 0]
    levels = np.array([decibels(part) for part in np.array_split(inner, 140)])
    assert levels.max() - levels.min() < 3
    # Another beginning than the file's: where it comes round, its end lies over it.
    hard = np.abs(np.diff(inner)).max()
    assert hard < 1.3 * np.abs(np.diff(track[RATE : int(1.4 * RATE), 0])).max()


def test_a_silent_file_stays_silent():
    assert np.abs(made(2, audio=sound_file(np.zeros(RATE, np.float32)))).max() < 1e-3


def test_the_same_arguments_give_the_same_track(voice):
    assert np.array_equal(made(4, mood="calm", voice=voice), made(4, mood="calm", voice=voice))


def test_a_longer_film_needs_no_more_memory(voice):
    assert most_memory(70, voice) < 1.2 * most_memory(24, voice)


def most_memory(seconds, voice):
    tracemalloc.start()
    try:
        for _ in soundtrack(seconds, mood="calm", audio=None, voice=voice, seed=1):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_what_cannot_be_is_refused_before_the_first_block(voice):
    for wrong in (
        {"mood": "angry"}, {}, {"mood": "calm", "audio": sound_file(tone(300, 1))},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            soundtrack(5, **{"mood": None, "audio": None, "voice": None, "seed": 1} | wrong)
    for seconds in (0, -1, 601):
        with pytest.raises(ValueError):
            soundtrack(seconds, mood="calm", audio=None, voice=None, seed=1)
    with pytest.raises(ValidationFailed, match="longer than the film"):
        soundtrack(2, mood="calm", audio=None, voice=voice, seed=1)
    with pytest.raises(UnsupportedMediaType, match="not an accepted sound") as refused:
        soundtrack(2, mood=None, audio=b"\x89PNG\r\n\x1a\n", voice=None, seed=1)
    assert refused.value.param == "background"


def test_a_canceled_track_stops():
    asked = iter([False, False, True, True, True])
    with pytest.raises(Stopped):
        made(20, mood="calm", canceled=lambda: next(asked))

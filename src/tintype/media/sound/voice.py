"""A text spoken: espeak-ng, where it is installed, run as a program of its own.

No shell is asked, the text goes in by a file, and neither time nor output is unbounded: a text is
a stranger's. espeak-ng reads phonemes between double brackets, which no caption means.
"""

import io
import re
import shutil
import subprocess
import tempfile
import threading
import wave
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from tintype.core.errors import EngineUnavailable, ValidationFailed

PROGRAM: Final = "espeak-ng"
TEXT_MAX: Final = 2_000
WORDS_A_MINUTE: Final = 150
HURRIED_WORDS_A_MINUTE: Final = 190
"""As fast as one speaks who has too little time: what doesn't fit then, is too long."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,16}){0,4}")
_TRIAL_SECONDS: Final = 10.0
_RUN_SECONDS: Final = 30.0
_OUTPUT_MAX: Final = 64_000_000
_LIST_MAX: Final = 1_000_000
_HEADER_BYTES: Final = 44
_FILE: Final = 5
# Languages that espeak-ng knows by the code of their largest member.
_MEMBERS: Final = {"zh": "cmn", "no": "nb"}
_UNSPOKEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def available(path: str | None = None) -> bool:
    """Whether texts can be spoken here; `path` is where to look instead of $PATH."""
    return shutil.which(PROGRAM, path=path) is not None


def languages(path: str | None = None) -> tuple[str, ...]:
    """The codes of what can be spoken, such as `en-us` and `pl`. Raises EngineUnavailable."""
    listed = _run(_program(path), ["--voices"], "", _LIST_MAX, _TRIAL_SECONDS).decode(
        "utf-8", "replace"
    )
    rows = [line.split() for line in listed.splitlines()[1:]]
    # Columns: priority, language, age and gender, name, file. Those under `mb` need more programs.
    return tuple(
        sorted({row[1].lower() for row in rows if len(row) >= _FILE and row[4][:3] != "mb/"})
    )


def speak(
    text: str, language: str, *, seconds_max: float, field: str = "voice", path: str | None = None
) -> bytes:
    """The text as WAV, mono; spoken a little faster if that makes it fit in `seconds_max`.

    Raises EngineUnavailable where espeak-ng is not installed or gives no sound, and
    ValidationFailed, naming a part of `field`, for a language it doesn't speak and a text that is
    blank, too long, or can't be said in that time.
    """
    program = _program(path)
    said = _UNSPOKEN.sub(" ", text).replace("[[", "[ [").replace("]]", "] ]").strip()
    if not said:
        raise ValidationFailed(f"{field}.text", "has nothing to say")
    if len(said) > TEXT_MAX:
        raise ValidationFailed(f"{field}.text", f"has more than {TEXT_MAX:,} characters")
    spoken_as = code_of(language, field=field, path=path)
    for pace in (WORDS_A_MINUTE, HURRIED_WORDS_A_MINUTE):
        told = ["-v", spoken_as, "-s", str(pace), "-b", "1", "--stdin", "--stdout"]
        spoken, seconds = _wav(_run(program, told, said, _OUTPUT_MAX, _RUN_SECONDS))
        if seconds <= seconds_max:
            break
    else:
        problem = f"takes {seconds:.1f} seconds to say; there are {max(0.0, seconds_max):.1f}"
        raise ValidationFailed(f"{field}.text", problem)
    if not seconds:
        raise ValidationFailed(f"{field}.text", "has nothing that can be said")
    return spoken


def seconds_of(spoken: bytes) -> float:
    """How long a text takes that `speak` gave as WAV."""
    with wave.open(io.BytesIO(spoken)) as file:
        return float(file.getnframes() / file.getframerate())


def code_of(language: str, *, field: str = "voice", path: str | None = None) -> str:
    """espeak-ng's code for a language: `pl` for `pl-PL`, `en` where there is only `en-gb`.

    Raises ValidationFailed, naming it, for a language that is not spoken here.
    """
    spoken = languages(path)
    code = language.lower().replace("_", "-")
    known = _LANGUAGE.fullmatch(code) is not None
    while known and code:
        code = _MEMBERS.get(code, code)
        if code in spoken or any(one.startswith(f"{code}-") for one in spoken):
            return code
        code = code.rpartition("-")[0]
    near = get_close_matches(language.lower(), spoken, 1, 0.75)
    hint = f"; did you mean {near[0]}?" if near else f"; {len(spoken)} are, such as en-us and pl"
    raise ValidationFailed(f"{field}.language", f"is not spoken here{hint}")


def _program(path: str | None) -> Path:
    found = shutil.which(PROGRAM, path=path)
    if found is None:
        raise EngineUnavailable(
            f"A voice needs {PROGRAM}, which is not installed on this server.", param="voice"
        )
    return Path(found)


def _run(program: Path, told: list[str], text: str, bytes_max: int, seconds_max: float) -> bytes:
    """What the program writes; it is killed when it takes too long or writes too much."""
    with tempfile.TemporaryFile() as given:
        given.write(text.encode("utf-8", "replace"))
        given.seek(0)
        with subprocess.Popen(  # noqa: S603
            [str(program), *told], stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            late = threading.Timer(seconds_max, process.kill)
            late.start()
            try:
                assert process.stdout is not None
                written = process.stdout.read(bytes_max + 1)
                if len(written) > bytes_max:
                    process.kill()
                code = process.wait()
            finally:
                late.cancel()
                process.kill()
    if code != 0 or len(written) > bytes_max:
        raise EngineUnavailable(f"{PROGRAM} did not finish.", param="voice")
    return written


def _wav(written: bytes) -> tuple[bytes, float]:
    """What came through the pipe, with the sizes in its header made true, and its seconds.

    A program that writes to a pipe can't know them beforehand.
    """
    if written[:4] != b"RIFF" or written[8:16] != b"WAVEfmt " or written[36:40] != b"data":
        raise EngineUnavailable(f"{PROGRAM} gave no sound.", param="voice")
    channels, rate = written[22], int.from_bytes(written[24:28], "little")
    if channels != 1 or written[34] != 16 or not rate:  # noqa: PLR2004
        raise EngineUnavailable(f"{PROGRAM} gave sound of another kind.", param="voice")
    samples = written[_HEADER_BYTES:]
    samples = samples[: len(samples) // 2 * 2]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return out.getvalue(), len(samples) / 2 / rate

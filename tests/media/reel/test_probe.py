"""What a film is, told by its bytes."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from tintype.core.errors import TintypeError, UnsupportedMediaType, ValidationFailed
from tintype.media.reel.film import filming
from tintype.media.reel.probe import probe
from tintype.media.reel.sound import Sound


def film(seconds: float = 1, fps: int = 24, sound: Sound | None = None) -> bytes:
    frames = round(seconds * fps)
    with filming(128, 96, fps, frames, sound) as making:
        for number in range(frames):
            for plane in making.planes():
                plane[:] = 60 + number
            making.add()
        return making.finish()


def coded(codec: str, pixels: str = "yuv420p", container: str = "mp4") -> bytes:
    into = io.BytesIO()
    with av.open(into, "w", format=container) as out:
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
        for _ in range(4):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return into.getvalue()


@pytest.mark.parametrize(("seconds", "fps"), [(1, 24), (2.5, 30), (1.04, 25), (1, 60)])
def test_times_are_exact(seconds, fps):
    found = probe(film(seconds, fps), "film")
    assert (found.width, found.height, found.frames) == (128, 96, round(seconds * fps))
    assert found.seconds == Fraction(found.frames, fps)
    assert found.fps == fps
    assert not found.has_sound


def test_sound_is_found():
    second = Sound(b"\0\0" * 48_000, 48_000, 1)
    assert probe(film(1, 24, second), "film").has_sound


@pytest.mark.parametrize("data", [b"", b"no film", b"\0\0\0\x18ftypmp42" + b"\0" * 12])
def test_what_is_no_film_is_refused(data):
    with pytest.raises(UnsupportedMediaType, match="engine: "):
        probe(data, "engine")


@pytest.mark.parametrize(
    "data",
    [
        coded("mpeg4"), coded("libx264", "yuv444p"), coded("libx264", "yuv420p10le"),
        coded("mjpeg", "yuvj420p"),
    ],
)  # fmt: skip
def test_what_not_every_player_shows_is_refused_by_name(data):
    with pytest.raises(ValidationFailed, match="engine"):
        probe(data, "engine")


@pytest.mark.parametrize(("first", "end"), [(0, 200), (64, 9_999_999), (0, 700)])
def test_a_part_of_a_film_is_refused(first, end):
    with pytest.raises(TintypeError, match="engine"):
        probe(film()[first:end], "engine")


def test_another_container_is_no_mp4():
    with pytest.raises(TintypeError):
        probe(coded("libx264", container="matroska"), "engine")


def test_bytes_at_random_are_refused_and_nothing_else():
    """Each with a byte of the index changed: it still has its facts, or is refused."""
    whole = film()
    dice = np.random.default_rng(3)
    for _ in range(200):
        data = bytearray(whole)
        for place in dice.integers(0, len(whole), 4):
            data[place] = int(dice.integers(0, 256))
        try:
            found = probe(bytes(data), "engine")
        except TintypeError:
            continue
        assert found.seconds > 0

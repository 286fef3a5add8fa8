"""Sound has the film's very length, whatever it was given."""

import io

import av
import numpy as np
import pytest

from tintype.media.draft.draw import draw
from tintype.media.reel.reel import Shot, reel
from tintype.media.reel.sound import Sound

TONE_HZ = 440


def sine(seconds, rate=48_000, channels=2):
    wave = 12_000 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(seconds * rate)) / rate)
    return Sound(np.repeat(wave.astype("<i2"), channels).tobytes(), rate, channels)


def filmed(sound, *, fps=24, seconds=2.0):
    picture = draw("a lighthouse", width=128, height=128, seed=1)
    return reel([Shot(picture)], width=128, height=128, fps=fps, duration_seconds=seconds, seed=1,
                sound=sound)  # fmt: skip


def heard(made):
    """The decoded samples of the first channel, their rate, and how many the container shows.

    AAC comes in frames of 1,024; the container's edit list says which samples are presented.
    """
    with av.open(io.BytesIO(made.video)) as film:
        (stream,) = film.streams.audio
        assert stream.codec_context.name == "aac"
        rate = stream.rate
        samples = []
        for frame in film.decode(stream):
            begin = round(frame.time * rate)
            samples.append(frame.to_ndarray()[0][max(0, -begin) :])
        length = round(float(stream.duration * stream.time_base) * rate)
    decoded = np.concatenate(samples)
    assert 0 <= len(decoded) - length < 1024
    return decoded[:length], rate, length


@pytest.mark.parametrize("given", [0.5, 2.0, 3.7])
@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (44_100, 1)])
def test_sound_is_cut_or_padded_to_the_film(given, rate, channels):
    made = filmed(sine(given, rate, channels), seconds=2.0)
    samples, found_rate, length = heard(made)
    assert found_rate == rate
    assert length == 2 * rate
    sounding = min(given, 2.0)
    loud = samples[rate // 10 : round((sounding - 0.1) * rate)]
    strengths = np.abs(np.fft.rfft(loud * np.hanning(len(loud))))
    assert strengths.argmax() * rate / len(loud) == pytest.approx(TONE_HZ, abs=5)
    assert np.sqrt((loud**2).mean()) == pytest.approx(12_000 / 32_768 / np.sqrt(2), rel=0.05)
    assert np.abs(samples[round((sounding + 0.1) * rate) :]).max(initial=0) < 0.001


@pytest.mark.parametrize(("fps", "seconds"), [(30, 1.3), (25, 1.0), (24, 2.5)])
def test_picture_and_sound_end_together_and_the_film_is_no_longer(fps, seconds):
    made = filmed(sine(seconds + 1), fps=fps, seconds=seconds)
    _, rate, length = heard(made)
    assert length / rate == pytest.approx(made.duration_seconds, abs=1 / rate)
    with av.open(io.BytesIO(made.video)) as film:
        assert film.duration == pytest.approx(made.duration_seconds * 1e6, abs=1000)
        assert len(list(film.decode(video=0))) == made.frames


def test_no_sound_means_no_track():
    with av.open(io.BytesIO(filmed(None).video)) as film:
        assert not film.streams.audio


def test_the_same_sound_gives_the_same_bytes():
    assert filmed(sine(1)).video == filmed(sine(1)).video


@pytest.mark.parametrize(
    ("pcm", "rate", "channels"), [(b"", 22_050, 1), (b"", 48_000, 3), (b"abc", 48_000, 1)]
)
def test_sound_of_another_form_is_refused(pcm, rate, channels):
    with pytest.raises(ValueError, match=r"[Ss]ound"):
        Sound(pcm, rate, channels)

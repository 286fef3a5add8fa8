import itertools

import numpy as np
import pytest

from tintype.media.sound.beds import BLOCK, bed
from tintype.media.sound.instruments import RATE
from tintype.media.sound.loudness import loudness, true_peak
from tintype.media.sound.moods import MOODS
from tintype.media.stopping import Stopped

SECONDS = 8


@pytest.fixture(scope="module")
def beds():
    return {mood: np.concatenate(list(bed(mood, SECONDS * RATE, 3))) for mood in MOODS}


def test_there_are_the_six_moods():
    assert set(MOODS) >= {"calm", "warm", "bright", "elegant", "upbeat", "cinematic"}


@pytest.mark.parametrize("seconds", [0.01, 0.3, 1, 2, 7.3])
def test_a_bed_has_exactly_the_samples_asked_for(seconds):
    samples = round(seconds * RATE)
    made = np.concatenate(list(bed("bright", samples, 1)))
    assert made.shape == (samples, 2)
    assert made.dtype == np.float32


def test_every_bed_is_as_loud_as_it_should_be_and_never_near_clipping(beds):
    for mood, made in beds.items():
        assert loudness(made) == pytest.approx(-20, abs=1.0), mood
        assert true_peak(made) < -3, mood


def test_a_bed_that_is_longer_than_what_was_judged_keeps_its_loudness():
    blocks = list(bed("calm", 34 * RATE, 5))
    assert loudness(np.concatenate(blocks)) == pytest.approx(-20, abs=1.5)


def test_a_bed_begins_and_ends_in_silence(beds):
    for made in beds.values():
        assert np.abs(made[0]).max() == 0
        assert np.abs(made[-1]).max() == 0
        assert np.abs(made[-RATE // 50 :]).max() < 0.01


def test_the_same_seed_gives_the_same_bed_and_another_seed_another(beds):
    again = np.concatenate(list(bed("warm", SECONDS * RATE, 3)))
    other = np.concatenate(list(bed("warm", SECONDS * RATE, 4)))
    assert np.array_equal(again, beds["warm"])
    assert not np.array_equal(other, beds["warm"])


def test_the_moods_sound_different(beds):
    """Energy by third octaves and by time: no two moods agree in how it lies."""
    shapes = {mood: np.concatenate([_bands(made), _pulse(made)]) for mood, made in beds.items()}
    for one, other in itertools.combinations(MOODS, 2):
        assert np.abs(shapes[one] - shapes[other]).mean() > 1.5, (one, other)


def test_calm_has_no_drums_and_upbeat_has(beds):
    assert _attacks(beds["upbeat"]) > 3 * _attacks(beds["calm"])


def test_nothing_clicks_where_blocks_meet(beds):
    """A click is a bend of the curve beyond what the music itself has beside it."""
    for mood, made in beds.items():
        bends = np.abs(np.diff(made, 2, axis=0)).max(axis=1)
        for seam in range(BLOCK, len(made) - 1, BLOCK):
            beside = bends[seam - RATE // 10 : seam + RATE // 10].copy()
            at = RATE // 10
            beside[at - 3 : at + 3] = 0
            assert bends[seam - 3 : seam + 3].max() <= max(1e-4, 1.5 * beside.max()), mood


def test_a_canceled_bed_stops_before_its_next_block():
    asked = iter([False] * 3 + [True] * 99)
    with pytest.raises(Stopped):
        list(bed("calm", 60 * RATE, 1, lambda: next(asked)))


def _bands(made):
    power = np.abs(np.fft.rfft(made.mean(axis=1))) ** 2
    at = np.fft.rfftfreq(len(made), 1 / RATE)
    edges = np.geomspace(40, 10_000, 22)
    return np.array(
        [
            10 * np.log10(power[(at >= low) & (at < high)].sum() + 1e-3)
            for low, high in itertools.pairwise(edges)
        ]
    )


def _pulse(made):
    """The levels between soft and loud hundredths of seconds."""
    frames = made.mean(axis=1)[: len(made) // 480 * 480].reshape(-1, 480)
    levels = 10 * np.log10((frames**2).mean(axis=1) + 1e-9)
    return np.percentile(levels, np.arange(10, 100, 10))


def _attacks(made):
    """How many times the level of high tones leaps up."""
    spectrum = np.fft.rfft(made.mean(axis=1))
    spectrum[np.fft.rfftfreq(len(made), 1 / RATE) < 4000] = 0
    high = np.fft.irfft(spectrum, len(made))
    frames = high[: len(high) // 960 * 960].reshape(-1, 960)
    levels = 10 * np.log10((frames**2).mean(axis=1) + 1e-8)
    return int((np.diff(levels) > 10).sum())

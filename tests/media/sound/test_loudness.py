import numpy as np
import pytest

from support.sounds import tone
from tintype.media.sound.loudness import SILENCE, loudness, true_peak


def both(channel):
    return np.stack([channel, channel], axis=1)


@pytest.mark.parametrize("level", [-33, -23])
def test_a_tone_in_both_channels_has_the_loudness_of_its_level(level):
    """Tech 3341's first cases: 1 kHz at so many dBFS in both channels has as many LUFS."""
    assert loudness(both(tone(1000, 8, level=10 ** (level / 20)))) == pytest.approx(level, abs=0.1)


def test_a_full_tone_in_one_channel_has_the_standards_loudness():
    assert loudness(tone(997, 5, level=1)[:, None]) == pytest.approx(-3.01, abs=0.02)


def test_soft_parts_do_not_count():
    """Tech 3341's third case: what is far softer than the rest is gated out."""
    parts = [tone(1000, 4, level=10 ** (level / 20)) for level in (-36, -23, -36)]
    parts[1] = tone(1000, 24, level=10 ** (-23 / 20))
    assert loudness(both(np.concatenate(parts))) == pytest.approx(-23, abs=0.1)


def test_silence_and_next_to_nothing_have_a_loudness():
    assert loudness(np.zeros((48_000, 2), np.float32)) == SILENCE
    assert loudness(np.zeros((10, 2), np.float32)) == SILENCE


def test_the_true_peak_is_that_of_the_curve_between_the_samples():
    time = np.arange(48_000)
    sampled = (0.5 * np.sin(np.pi / 2 * time + np.pi / 4)).astype(np.float32)
    assert np.abs(sampled).max() < 0.36
    assert true_peak(both(sampled)) == pytest.approx(-6.02, abs=0.3)

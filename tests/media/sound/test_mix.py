import numpy as np
import pytest

from support.sounds import RATE, decibels, tone
from tintype.media.sound.loudness import true_peak
from tintype.media.sound.mix import ducking, limited


def spoken(total, *parts):
    """Speech from and to so many seconds."""
    track = np.zeros((round(total * RATE), 2), np.float32)
    for start, end in parts:
        said = tone(300, end - start)
        at = round(start * RATE)
        track[at : at + len(said)] = said[:, None]
    return track


def gains_of(track):
    """In decibels, under speech as `spoken` gives it; the same when only the voice is handed on."""
    whole = ducking(track, 0).gains(0, len(track))
    heard = np.flatnonzero(track[:, 0])
    if len(heard):
        cut = ducking(track[heard[0] : heard[-1] + 1], int(heard[0])).gains(0, len(track))
        assert cut == pytest.approx(whole, abs=0.02)
    return 20 * np.log10(whole)


def test_the_bed_is_twelve_decibels_down_while_the_voice_speaks():
    gains = gains_of(spoken(6, (2, 4)))
    assert gains[: int(1.8 * RATE)].max() == pytest.approx(0, abs=0.01)
    assert gains[int(2.02 * RATE) : int(3.98 * RATE)] == pytest.approx(-12, abs=0.5)
    assert gains[int(4.7 * RATE) :] == pytest.approx(0, abs=0.01)


def test_it_goes_down_in_150_and_comes_back_in_600_milliseconds():
    gains = gains_of(spoken(6, (2, 4)))
    falling = np.flatnonzero((gains[: 3 * RATE] < -0.6) & (gains[: 3 * RATE] > -11.4))
    rising = np.flatnonzero((gains[3 * RATE :] < -0.6) & (gains[3 * RATE :] > -11.4))
    assert len(falling) / RATE == pytest.approx(0.135, abs=0.03)
    assert len(rising) / RATE == pytest.approx(0.54, abs=0.05)


def test_it_stays_down_between_words_and_comes_back_in_long_pauses():
    gains = gains_of(spoken(8, (1, 2), (2.3, 3), (5.5, 6)))
    assert gains[int(2.1 * RATE) : int(2.2 * RATE)].max() < -11.5
    assert gains[int(4.5 * RATE)] == pytest.approx(0, abs=0.01)


def test_the_gain_never_jumps():
    assert np.abs(np.diff(10 ** (gains_of(spoken(6, (0, 1), (2, 4))) / 20))).max() < 5e-4


def test_a_silent_voice_moves_nothing():
    assert gains_of(np.zeros((RATE, 2), np.float32)) == pytest.approx(0)


@pytest.mark.parametrize("hertz", [60, 997, 11_990])
def test_what_is_too_loud_is_limited_below_the_ceiling(hertz):
    loud = np.stack([tone(hertz, 2, level=2.5), tone(hertz * 1.01, 2, level=0.2)], axis=1)
    quiet = loud * np.float32(0.1)
    out = np.concatenate(list(limited(iter([quiet, loud, quiet]))))
    assert len(out) == len(loud) * 3
    assert true_peak(out[RATE:]) < -1
    assert np.array_equal(out[: RATE // 2], quiet[: RATE // 2])


def test_a_lone_peak_is_turned_down_smoothly_and_leaves_the_rest_as_it_is():
    track = np.stack([tone(440, 2, level=0.2)] * 2, axis=1)
    track[RATE : RATE + 3] += 2
    out = np.concatenate(list(limited(iter(np.array_split(track, 7)))))
    assert np.abs(out).max() < 0.9
    far = slice(0, RATE - 2000)
    assert np.array_equal(out[far], track[far])


def test_however_the_blocks_are_cut_the_result_is_the_same():
    track = np.stack([tone(440, 1, level=1.4)] * 2, axis=1)
    track[: RATE // 2] *= np.float32(0.2)
    whole = np.concatenate(list(limited(iter([track]))))
    cut = np.concatenate(list(limited(iter(np.array_split(track, 31)))))
    assert cut == pytest.approx(whole, abs=1e-5)
    assert decibels(whole[: RATE // 4]) == pytest.approx(decibels(track[: RATE // 4]), abs=0.01)

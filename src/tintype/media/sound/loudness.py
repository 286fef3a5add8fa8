"""How loud sound is, as people hear it (ITU-R BS.1770-4), and how high its curve really swings.

The K weighting's two filters are applied to the spectrum, which is the same as to the samples: the
padding behind them takes up the filters' ringing.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from tintype.media.sound.instruments import RATE, Samples

SILENCE: Final = -70.0
"""LUFS; what is softer than this doesn't count, and sound of nothing else has this loudness."""

_OFFSET: Final = -0.691
_STEP: Final = RATE // 10
_STEPS: Final = 4
_BLOCK: Final = _STEPS * _STEP
_PART: Final = 20 * RATE
_BEFORE: Final = RATE // 2
"""How much before a part the filters need to swing in."""
_RELATIVE_GATE: Final = -10.0
_PADDING: Final = RATE
# Numerator and denominator of BS.1770-4's filters at 48 kHz: a head's shelf, and the low cut.
_SHELF: Final = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_LOW_CUT: Final = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
# BS.1770-4 annex 2: a curve through the samples, read at three places between each two and on one.
_PHASES: Final = (
    (0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875,
     0.1373291015625, 0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250,
     0.0148925781250, -0.0083007812500),
    (-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500,
     0.4650878906250, 0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625,
     0.0330810546875, -0.0189208984375),
)  # fmt: skip
PHASES: Final = tuple(
    np.array(taps, np.float32) for taps in (*_PHASES, _PHASES[1][::-1], _PHASES[0][::-1])
)
LATE: Final = 6
"""Samples by which the curve between the samples comes late."""


def loudness(sound: Samples | npt.NDArray[np.int16], full_scale: float = 1.0) -> float:
    """Integrated loudness of (n, 2) or (n, 1) in LUFS, `SILENCE` for nothing that is heard.

    It is looked at in parts, so that a long sound takes no more memory than a short one.
    """
    if len(sound) < _BLOCK:
        padding = np.zeros((_BLOCK - len(sound), sound.shape[1]), sound.dtype)
        sound = np.concatenate([sound, padding])
    steps = np.concatenate(
        [_powers(sound, at, full_scale) for at in range(0, len(sound) // _STEP * _STEP, _PART)]
    )
    sums = np.concatenate([[0.0], np.cumsum(steps)])
    power = (sums[_STEPS:] - sums[:-_STEPS]) / _STEPS
    levels = _OFFSET + 10 * np.log10(np.maximum(power, 1e-12))
    heard = levels > SILENCE
    if not heard.any():
        return SILENCE
    gate = _OFFSET + 10 * np.log10(np.mean(power[heard])) + _RELATIVE_GATE
    return float(_OFFSET + 10 * np.log10(np.mean(power[heard & (levels > gate)])))


def _powers(
    sound: Samples | npt.NDArray[np.int16], at: int, full_scale: float
) -> npt.NDArray[np.float64]:
    """Mean squares of the weighted part from `at` on, all channels together, for each 100 ms."""
    first = max(0, at - _BEFORE)
    count = min(_PART, (len(sound) - at) // _STEP * _STEP)
    size = 1 << (at - first + count + _PADDING - 1).bit_length()
    weights = _weights(size)
    power = np.zeros(count // _STEP)
    for channel in sound[first : at + count].T:
        spectrum = np.fft.rfft((channel / np.float32(full_scale)).astype(np.float32), size)
        weighted = np.fft.irfft(spectrum * weights, size)[at - first : at - first + count]
        power += np.mean(weighted.astype(np.float64).reshape(-1, _STEP) ** 2, axis=1)
    return power


def _weights(size: int) -> npt.NDArray[np.complex64]:
    """What the K weighting makes of each frequency of a transform of `size` samples."""
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size)).astype(np.complex64)
    once = np.ones(1, np.complex64)
    for above, below in (_SHELF, _LOW_CUT):
        upper, lower = ((a + turn * (b + turn * c)) for a, b, c in (above, below))
        once = once * upper / lower
    return once


def true_peak(sound: Samples) -> float:
    """How high the curve through the samples of (n, 2) swings, in dBFS."""
    highest = 0.0
    for side in range(sound.shape[1]):
        for taps in PHASES:
            highest = max(highest, float(np.abs(np.convolve(sound[:, side], taps)).max()))
    return float(20 * np.log10(max(highest, 1e-9)))

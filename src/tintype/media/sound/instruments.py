"""The instruments of the beds: each gives one note as samples, made of sines and shaped noise.

Nothing is sampled and nothing is read from disk. Every note begins and ends at zero along a curve,
so notes laid over one another never click. Amplitudes are near 1; the score sets the levels.
"""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

RATE: Final = 48_000
"""Samples a second of everything in this folder."""

Samples = npt.NDArray[np.float32]
Instrument = Literal[
    "piano", "electric", "harp", "guitar", "marimba", "bell", "strings", "bass",
    "kick", "taiko", "clap", "hat", "shaker", "brush",
]  # fmt: skip

_TABLE: Final = 8192
_HIGHEST_HERTZ: Final = 9_000.0
_RELEASE_SECONDS: Final = 0.06


def hertz(pitch: float) -> float:
    """The frequency of a MIDI pitch: 69 is A at 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def note(instrument: Instrument, pitch: int, seconds: float) -> Samples:
    """One note, in mono; `seconds` is how long it is held where the instrument can hold it.

    The drums know no pitch and no length.
    """
    tone = hertz(pitch)
    match instrument:
        case "piano":
            made = _partials(tone, 3.2, _PIANO, decay=1.9, stiffness=3.5e-4, attack=0.004)
        case "harp":
            made = _partials(tone, 2.6, _HARP, decay=1.5, stiffness=1e-5, attack=0.002)
        case "guitar":
            made = _partials(tone, 1.6, _GUITAR, decay=0.75, stiffness=6e-5, attack=0.002)
        case "marimba":
            made = _struck(tone, 1.1, _MARIMBA)
        case "bell":
            made = _struck(tone, 2.2, _BELL)
        case "electric":
            made = _electric(tone, seconds)
        case "strings":
            made = _bowed(tone, seconds)
        case "bass":
            made = _bass(tone, seconds)
        case _:
            made = _drum(instrument)
    return made


def pad(pitches: Sequence[int], seconds: float, bright: float, seed: int) -> Samples:
    """A held chord in stereo: detuned oscillators whose tone opens and closes, as by a filter.

    It fades in within a third of `seconds` and rings on beyond them for as long, so that chords
    one after another melt together. `bright` (0 to 1) is how far the tone opens.
    """
    rng = np.random.default_rng((seed, *pitches))
    over = min(1.6, seconds / 3)
    count = round((seconds + over) * RATE)
    time = np.arange(count) / RATE
    opened = (0.5 - 0.5 * np.cos(2 * np.pi * time / (seconds + over))) * bright
    opened = opened.astype(np.float32)
    out = np.zeros((count, 2), np.float32)
    for pitch in pitches:
        dark, light = _cycle(hertz(pitch), 2.4), _cycle(hertz(pitch), 1.15)
        for side in (0, 1):
            for cents in (-5.0, 4.0):
                tone = hertz(pitch + (cents + rng.uniform(-1, 1)) / 100)
                at = _places(tone * time + rng.random())
                out[:, side] += dark[at] + opened * (light[at] - dark[at])
    out *= _swell(count, round(over * RATE), round(over * RATE))[:, None] / (2 * len(pitches))
    return out


def _cycle(tone: float, rolloff: float) -> Samples:
    """One cycle of a tone whose harmonics fall by `rolloff`, none above what is pleasant."""
    turn = np.arange(_TABLE) / _TABLE * 2 * np.pi
    wave = np.zeros(_TABLE)
    for harmonic in range(1, max(2, int(_HIGHEST_HERTZ / tone)) + 1):
        if harmonic > _HARMONICS_MAX:
            break
        wave += np.sin(turn * harmonic + harmonic * harmonic) / harmonic**rolloff
    even: Samples = (wave / np.sqrt(2 * np.mean(wave * wave))).astype(np.float32)
    return even


def _places(turns: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Where in a cycle's table so many turns end; the table's length is a power of two."""
    return (turns * _TABLE).astype(np.int32) & np.int32(_TABLE - 1)


_HARMONICS_MAX: Final = 24
# The strength of a string's partials: where it is struck or plucked, some are missing.
_PIANO: Final = tuple(abs(np.sin(np.pi * n / 7.5)) / n**1.25 for n in range(1, 11))
_HARP: Final = tuple(abs(np.sin(np.pi * n * 0.42)) / n**1.5 for n in range(1, 11))
# Of a bar: multiple of the tone, strength, decay in seconds.
_MARIMBA: Final = ((1.0, 1.0, 0.32), (3.93, 0.35, 0.09), (9.24, 0.1, 0.04))
_BELL: Final = ((1.0, 1.0, 0.8), (2.76, 0.4, 0.45), (5.4, 0.2, 0.2))
_GUITAR: Final = tuple(abs(np.sin(np.pi * n * 0.18)) / n**1.15 for n in range(1, 13))


def _partials(
    tone: float,
    seconds: float,
    strengths: Sequence[float],
    *,
    decay: float,
    stiffness: float,
    attack: float,
) -> Samples:
    """A string: partials a little sharp of harmonic, the high ones gone first.

    Low strings ring longer than high ones.
    """
    count = round(seconds * RATE)
    time = np.arange(count, dtype=np.float32) / np.float32(RATE)
    ring = decay * (220.0 / tone) ** 0.45
    out = np.zeros(count, np.float32)
    for number, strength in enumerate(strengths, 1):
        partial = tone * number * np.sqrt(1 + stiffness * number * number)
        if partial > _HIGHEST_HERTZ:
            break
        fall = ring / (1 + 0.45 * (number - 1))
        out += np.float32(strength) * np.exp(time * np.float32(-1 / fall)) * _sine(partial, time)
    return _edged(out / np.float32(max(strengths)), attack)


def _struck(tone: float, seconds: float, partials: Sequence[tuple[float, float, float]]) -> Samples:
    """A bar of wood or metal."""
    time = np.arange(round(seconds * RATE), dtype=np.float32) / np.float32(RATE)
    out = np.zeros(len(time), np.float32)
    for multiple, strength, decay in partials:
        if tone * multiple < _HIGHEST_HERTZ:
            out += np.float32(strength) * np.exp(time / -decay) * _sine(tone * multiple, time)
    return _edged(out, 0.002)


def _electric(tone: float, seconds: float) -> Samples:
    """An electric piano: one sine bends another, less as the note fades."""
    time = np.arange(round((seconds + 0.5) * RATE), dtype=np.float32) / np.float32(RATE)
    bend = 1.1 * np.exp(time / -0.35) + 0.12
    body = np.sin(_turns(tone, time) + bend * _sine(tone, time)) * np.exp(time / -1.6)
    tine = 0.12 * _sine(tone * 7, time) * np.exp(time / -0.12) if tone * 7 < _HIGHEST_HERTZ else 0
    swing = 1 + 0.12 * np.sin(2 * np.pi * 4.7 * time)
    return _edged((body + tine) * swing, 0.003, release=0.45)


def _bowed(tone: float, seconds: float) -> Samples:
    """A section of strings: three players, a little apart and with some vibrato."""
    count = round((seconds + 0.4) * RATE)
    time = np.arange(count) / RATE
    cycle = _cycle(tone, 1.35)
    out = np.zeros(count, np.float32)
    for cents, speed in ((-6.0, 5.1), (1.0, 5.6), (7.0, 4.7)):
        sway = np.sin(2 * np.pi * speed * time) * 0.0016 / speed
        out += cycle[_places(tone * 2 ** (cents / 1200) * (time + sway))] / np.float32(3)
    return _edged(out, min(0.12, seconds / 3), release=0.38)


def _bass(tone: float, seconds: float) -> Samples:
    time = np.arange(round((seconds + 0.2) * RATE), dtype=np.float32) / np.float32(RATE)
    body = _sine(tone, time) + 0.35 * _sine(2 * tone, time) + 0.1 * _sine(3 * tone, time)
    return _edged(body * np.exp(time / -1.4), 0.008, release=0.18)


def _drum(instrument: Instrument) -> Samples:
    match instrument:
        case "kick":
            return _skin(0.32, 105, 46, 0.035, 0.11)
        case "taiko":
            return _skin(1.1, 92, 58, 0.06, 0.32) + _noise(1.1, 60, 420, 0.001, 0.05) * 0.5
        case "clap":
            return _noise(0.3, 900, 3200, 0.004, 0.06)
        case "hat":
            return _noise(0.12, 7000, 13000, 0.001, 0.025)
        case "shaker":
            return _noise(0.16, 4500, 10500, 0.03, 0.03)
        case _:
            return _noise(0.32, 1800, 6500, 0.018, 0.07)


def _skin(seconds: float, start: float, end: float, bend: float, decay: float) -> Samples:
    """A drum's skin: its tone falls from `start` to `end` hertz as it is let go."""
    time = np.arange(round(seconds * RATE)) / RATE
    turns = end * time + (start - end) * bend * (1 - np.exp(-time / bend))
    return _edged((np.sin(2 * np.pi * turns) * np.exp(-time / decay)).astype(np.float32), 0.003)


def _noise(seconds: float, low: float, high: float, attack: float, decay: float) -> Samples:
    """A puff of noise between two frequencies, always the same one."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(count).standard_normal(count))
    at = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= 1 / np.sqrt(1 + (low / np.maximum(at, 1)) ** 6) / np.sqrt(1 + (at / high) ** 6)
    puff = np.fft.irfft(spectrum, count)
    puff = puff / np.sqrt(np.mean(puff * puff)) * 0.5
    time = np.arange(count) / RATE
    return _edged((puff * np.exp(-time / decay)).astype(np.float32), attack, release=seconds / 3)


def _sine(tone: float, time: Samples) -> Samples:
    return np.sin(_turns(tone, time))


def _turns(tone: float, time: Samples) -> Samples:
    """The angle of a tone, kept small: a large one has lost its fraction in 32 bits."""
    turns = time.astype(np.float64) * tone
    turns -= np.floor(turns)
    return (turns * (2 * np.pi)).astype(np.float32)


def _edged(tone: Samples, attack: float, release: float = _RELEASE_SECONDS) -> Samples:
    """With its beginning and end drawn to zero, over so many seconds."""
    return (tone * _swell(len(tone), round(attack * RATE), round(release * RATE))).astype(
        np.float32
    )


def _swell(count: int, rise: int, fall: int) -> Samples:
    """1, but along half a cosine's wave from 0 and to 0."""
    shape = np.ones(count, np.float32)
    rise, fall = min(rise, count // 2), min(fall, count // 2)
    if rise:
        shape[:rise] = 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
    if fall:
        shape[-fall:] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / fall)
    return shape

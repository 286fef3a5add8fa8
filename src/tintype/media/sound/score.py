"""A mood's music as notes: bars without end in sight, and one last bar that comes to rest.

The tempo is bent a little so that the piece has whole bars, the last of which is the key's own
chord left to ring. A progression comes round for as long as there are bars. The melody is one short
motif that returns: its rhythm stays, its tones follow the chords.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tintype.media.sound.instruments import RATE, Instrument
from tintype.media.sound.moods import PIECES, Figure, Mood, Piece

_OCTAVE: Final = 12
_CHORD_LOWEST, _CHORD_HIGHEST = 50, 69
_LATE_SECONDS: Final = 0.006
_LOUDNESS_SPREAD: Final = 0.1
_SOFT: Final = 0.55


@dataclass(frozen=True, slots=True)
class Note:
    """`at` is the sample at which it begins, `pan` -1 (left) to 1 (right)."""

    instrument: Instrument
    at: int
    pitch: int
    seconds: float
    level: float
    pan: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar's chord, which the pad holds for `seconds`, and its notes."""

    at: int
    seconds: float
    chord: tuple[int, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the seed chose for the whole piece."""

    piece: Piece
    root: int
    progression: tuple[int, ...]
    motif: tuple[tuple[float, float, int], ...]
    """Each note of the motif: its beat within two bars, its beats, its step from the one before."""
    bars: int
    beat_seconds: float


def score(mood: Mood, samples: int, seed: int) -> Iterator[Bar]:
    """The bars of a piece that lasts `samples`, in order."""
    rng = np.random.default_rng((seed, *mood.encode()))
    plan = _planned(PIECES[mood], samples / RATE, rng)
    chord: tuple[int, ...] = ()
    walked = 0
    for number in range(plan.bars):
        last = number == plan.bars - 1
        degree = 0 if last else plan.progression[number % len(plan.progression)]
        chord = _voiced(_stacked(plan, degree), chord)
        at = round(number * plan.piece.beats * plan.beat_seconds * RATE)
        notes = _ending(plan, chord, at) if last else _played(plan, chord, degree, number, at, rng)
        if not last and plan.piece.intro <= number:
            sung, walked = _sung(plan, chord, number, at, walked, rng)
            notes += sung
        yield Bar(at, plan.piece.beats * plan.beat_seconds, chord, tuple(notes))


def _planned(piece: Piece, seconds: float, rng: np.random.Generator) -> _Plan:
    beat = 60 / rng.uniform(*piece.tempo)
    bars = max(1, round(seconds / (piece.beats * beat)))
    return _Plan(
        piece,
        int(rng.choice(piece.roots)),
        piece.progressions[int(rng.integers(len(piece.progressions)))],
        _motif(piece, rng),
        bars,
        seconds / (bars * piece.beats) if bars > 1 else beat,
    )


def _motif(piece: Piece, rng: np.random.Generator) -> tuple[tuple[float, float, int], ...]:
    """A rhythm over two bars that leaves room, and how the tune moves: by small steps."""
    halves = 4 * piece.beats
    starts = [0] + [
        half for half in range(1, halves - 1)
        if rng.random() < piece.melody_notes * (1.0 if half % 2 == 0 else 0.45)
    ]  # fmt: skip
    ends = [*starts[1:], halves]
    steps = [int(rng.choice((-2, -1, 1, 1, 2, 3, -3))) for _ in starts]
    return tuple(
        (start / 2, min(2.5, (end - start) / 2), step)
        for start, end, step in zip(starts, ends, steps, strict=True)
    )


def _stacked(plan: _Plan, degree: int) -> tuple[int, ...]:
    """The chord's pitches, thirds upwards from a degree of the scale."""
    return tuple(_tone(plan, degree + 2 * third) for third in range(plan.piece.tones))


def _tone(plan: _Plan, degree: int) -> int:
    octaves, step = divmod(degree, len(plan.piece.scale))
    return plan.root + _OCTAVE * octaves + plan.piece.scale[step]


def _voiced(chord: tuple[int, ...], before: tuple[int, ...]) -> tuple[int, ...]:
    """The same tones in the octaves nearest to the chord before, so that the voices hardly move."""
    middle = sum(before) / len(before) if before else (_CHORD_LOWEST + _CHORD_HIGHEST) / 2
    placed = set()
    for pitch in chord:
        near = pitch + _OCTAVE * round((middle - pitch) / _OCTAVE)
        while near < _CHORD_LOWEST:
            near += _OCTAVE
        while near > _CHORD_HIGHEST:
            near -= _OCTAVE
        placed.add(near)
    return tuple(sorted(placed))


def _laid_out(chord: tuple[int, ...], index: int) -> int:
    """The chord's tones upwards without end, an octave after each round."""
    octaves, tone = divmod(index, len(chord))
    return chord[tone] + _OCTAVE * octaves


def _played(
    plan: _Plan,
    chord: tuple[int, ...],
    degree: int,
    number: int,
    at: int,
    rng: np.random.Generator,
) -> list[Note]:
    """The accompaniment of one bar, bass and drums too, as played by hand."""
    piece, notes = plan.piece, []
    for figure in piece.figures:
        notes += _figured(plan, figure, chord, at, rng)
    low = _tone(plan, degree)
    while low >= _CHORD_LOWEST - 2:
        low -= _OCTAVE
    for place, beat in enumerate(piece.bass):
        if number >= piece.intro:
            held = (piece.bass[place + 1] if place + 1 < len(piece.bass) else piece.beats) - beat
            notes.append(_note(plan, "bass", at, beat, low, held, piece.bass_level, 0.0, rng))
    for drum in piece.drums:
        if number >= piece.intro:
            for step, mark in enumerate(drum.steps[: 4 * piece.beats]):
                if mark != ".":
                    level = drum.level * (1 if mark == "x" else _SOFT)
                    pan = {"hat": 0.25, "shaker": -0.3, "brush": 0.1}.get(drum.instrument, 0.0)
                    hit = (drum.instrument, at, step / 4, 60, 0.1, level, pan)
                    notes.append(_note(plan, *hit, rng))
    return notes


def _figured(
    plan: _Plan, figure: Figure, chord: tuple[int, ...], at: int, rng: np.random.Generator
) -> list[Note]:
    notes = []
    for step, index in enumerate(figure.tones[: 2 * plan.piece.beats]):
        if index is None:
            continue
        pitch = _laid_out(chord, index) + figure.octave
        accent = 1.0 if step == 0 else 0.82
        pan = max(-0.5, min(0.5, (pitch - 70) / 24))
        notes.append(
            _note(
                plan, figure.instrument, at, step / 2, pitch, figure.held, figure.level * accent,
                pan, rng,
            )
        )  # fmt: skip
    return notes


def _sung(
    plan: _Plan,
    chord: tuple[int, ...],
    number: int,
    at: int,
    walked: int,
    rng: np.random.Generator,
) -> tuple[list[Note], int]:
    """The bar's half of the motif; every fourth bar the tune breathes.

    `walked` is where the tune stands: an index into the chord's tones laid out upwards.
    """
    piece, second = plan.piece, number % 2
    if number % 4 == 3:  # noqa: PLR2004
        return [], walked
    notes = []
    for beat, held, step in plan.motif:
        within = beat - second * piece.beats
        if not 0 <= within < piece.beats:
            continue
        walked += step
        if not 0 <= walked <= 2 * len(chord):
            walked = len(chord)
        pitch = _laid_out(chord, walked) + _OCTAVE
        pitch = pitch - _OCTAVE if pitch > 88 else pitch  # noqa: PLR2004
        notes.append(
            _note(plan, piece.melody, at, within, pitch, held, piece.melody_level, 0.12, rng)
        )
    return notes, walked


def _ending(plan: _Plan, chord: tuple[int, ...], at: int) -> list[Note]:
    """The key's own chord, its tones one shortly after another, and its root below."""
    piece = plan.piece
    lead = piece.figures[0]
    low = plan.root - _OCTAVE if plan.root >= _CHORD_LOWEST - 2 else plan.root
    rolled = [
        Note(
            lead.instrument, at + round(place * 0.045 * RATE), pitch + _OCTAVE, 2.0,
            lead.level * 0.9, (place - 1) * 0.2,
        )
        for place, pitch in enumerate((*chord, chord[0] + _OCTAVE))
    ]  # fmt: skip
    return [*rolled, Note("bass", at, low, 2.0, piece.bass_level or 0.2, 0.0)]


def _note(
    plan: _Plan,
    instrument: Instrument,
    bar_at: int,
    beat: float,
    pitch: int,
    held: float,
    level: float,
    pan: float,
    rng: np.random.Generator,
) -> Note:
    """A note of a bar, a hair late and a hair softer or louder than written, as hands are."""
    late = rng.uniform(0, _LATE_SECONDS)
    return Note(
        instrument,
        bar_at + round((beat * plan.beat_seconds + late) * RATE),
        pitch,
        round(held * plan.beat_seconds, 3),
        level * (1 + _LOUDNESS_SPREAD * rng.uniform(-1, 1)),
        pan,
    )

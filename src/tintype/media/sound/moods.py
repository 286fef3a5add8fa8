"""What a bed of each mood is made of: measure, tempo, harmony, instruments and drums."""

from dataclasses import dataclass
from typing import Final, Literal

from tintype.media.sound.instruments import Instrument

Mood = Literal["calm", "warm", "bright", "elegant", "upbeat", "cinematic"]

MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
MINOR: Final = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True, slots=True)
class Figure:
    """An accompaniment: which tone of the chord on which step.

    `tones` has one entry a step of half a beat: an index into the chord's tones laid out upwards,
    or None for a rest. `held` is in beats.
    """

    instrument: Instrument
    tones: tuple[int | None, ...]
    octave: int
    level: float
    held: float = 0.5


@dataclass(frozen=True, slots=True)
class Beat:
    """A drum's bar, a character a quarter of a beat: `x` loud, `o` soft, `.` none."""

    instrument: Instrument
    steps: str
    level: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A mood's music. Tempi are in beats a minute, `roots` MIDI pitches of possible keys.

    `progressions` are degrees of the scale from 0, one a bar; `tones` how many thirds a chord
    stacks. `air` is the reverberation's length in seconds and its share of the sound. `intro` bars
    come without drums and melody.
    """

    beats: int
    tempo: tuple[float, float]
    scale: tuple[int, ...]
    roots: tuple[int, ...]
    progressions: tuple[tuple[int, ...], ...]
    tones: int
    pad: float
    bright: float
    figures: tuple[Figure, ...]
    melody: Instrument
    melody_level: float
    melody_notes: float
    bass: tuple[float, ...]
    bass_level: float
    drums: tuple[Beat, ...]
    air: tuple[float, float]
    intro: int


PIECES: Final[dict[Mood, Piece]] = {
    "calm": Piece(
        beats=4, tempo=(62, 70), scale=MAJOR, roots=(48, 50, 53, 55), tones=3,
        progressions=((0, 5, 3, 4), (0, 2, 3, 3), (3, 0, 5, 4), (0, 3, 5, 3)),
        pad=0.62, bright=0.35,
        figures=(Figure("piano", (0, None, 2, None, 3, None, 2, None), 12, 0.3, 1.0),),
        melody="piano", melody_level=0.38, melody_notes=0.3,
        bass=(), bass_level=0.0, drums=(), air=(2.8, 0.34), intro=1,
    ),
    "warm": Piece(
        beats=4, tempo=(72, 80), scale=MAJOR, roots=(48, 51, 53, 56), tones=4,
        progressions=((0, 5, 1, 4), (3, 2, 1, 0), (1, 4, 0, 5), (0, 2, 3, 4)),
        pad=0.24, bright=0.2,
        figures=(
            Figure("electric", (0, None, None, 2, None, 1, None, None), 12, 0.3, 1.5),
            Figure("electric", (1, None, None, 3, None, 2, None, None), 12, 0.26, 1.5),
        ),
        melody="electric", melody_level=0.24, melody_notes=0.35,
        bass=(0, 2.5), bass_level=0.42,
        drums=(
            Beat("kick", "x.........o.....", 0.34), Beat("brush", "....x.......x...", 0.17),
            Beat("hat", "..o...o...o...o.", 0.05),
        ),
        air=(1.3, 0.2), intro=1,
    ),
    "bright": Piece(
        beats=4, tempo=(100, 108), scale=MAJOR, roots=(48, 50, 52, 55), tones=3,
        progressions=((0, 4, 5, 3), (0, 3, 4, 3), (0, 5, 3, 4), (3, 4, 0, 5)),
        pad=0.2, bright=0.7,
        figures=(
            Figure("guitar", (0, 2, 3, 4, 2, 3, 4, 3), 12, 0.44),
            Figure("guitar", (None, 4, None, None, 5, None, None, 4), 12, 0.22),
        ),
        melody="marimba", melody_level=0.42, melody_notes=0.5,
        bass=(0, 2, 3.5), bass_level=0.36,
        drums=(
            Beat("kick", "x.......x.......", 0.36), Beat("shaker", "o.x.o.x.o.x.o.x.", 0.12),
            Beat("clap", "............x...", 0.1),
        ),
        air=(1.2, 0.18), intro=1,
    ),
    "elegant": Piece(
        beats=3, tempo=(86, 96), scale=MAJOR, roots=(46, 48, 51, 53), tones=3,
        progressions=((0, 5, 1, 4), (0, 2, 5, 3), (5, 3, 0, 4), (0, 4, 5, 2)),
        pad=0.3, bright=0.45,
        figures=(Figure("harp", (0, 2, 3, 4, 5, 4), 12, 0.42),),
        melody="strings", melody_level=0.3, melody_notes=0.35,
        bass=(0,), bass_level=0.24, drums=(), air=(2.4, 0.3), intro=2,
    ),
    "upbeat": Piece(
        beats=4, tempo=(112, 120), scale=MAJOR, roots=(45, 48, 50, 53), tones=3,
        progressions=((5, 3, 0, 4), (0, 4, 5, 3), (0, 3, 5, 4), (3, 0, 4, 5)),
        pad=0.16, bright=0.8,
        figures=(
            Figure("marimba", (None, 2, None, 3, 4, None, 3, None), 12, 0.4),
            Figure("guitar", (None, 0, None, 1, None, 0, None, 2), 12, 0.34),
        ),
        melody="bell", melody_level=0.22, melody_notes=0.5,
        bass=(0, 0.5, 1.5, 2, 3, 3.5), bass_level=0.4,
        drums=(
            Beat("kick", "x...x...x...x...", 0.5), Beat("clap", "....x.......x...", 0.26),
            Beat("hat", "..x...x...x...xo", 0.14),
        ),
        air=(0.9, 0.14), intro=1,
    ),
    "cinematic": Piece(
        beats=4, tempo=(76, 84), scale=MINOR, roots=(45, 47, 48, 50), tones=3,
        progressions=((0, 5, 2, 6), (0, 3, 5, 6), (5, 6, 0, 0), (0, 2, 6, 5)),
        pad=0.4, bright=0.55,
        figures=(
            Figure("strings", (0, 0, 2, 0, 3, 0, 2, 0), 0, 0.34, 0.4),
            Figure("piano", (3, None, None, None, None, None, 4, None), 12, 0.3, 2.0),
        ),
        melody="strings", melody_level=0.28, melody_notes=0.25,
        bass=(0,), bass_level=0.4,
        drums=(Beat("taiko", "x.....o...x.....", 0.5),),
        air=(3.0, 0.3), intro=2,
    ),
}  # fmt: skip
MOODS: Final[tuple[Mood, ...]] = tuple(PIECES)

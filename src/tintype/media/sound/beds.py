"""Background beds: a mood's music as samples, block after block, in memory that does not grow.

The score's bars are played into a buffer as they come due: a chord of the pad, then the notes, each
laid over what rings on from before. A room is put around it by convolution with a decaying noise,
overlap and add, so that no block has an edge. The first twenty seconds are kept until it is known
how loud they are, which sets the level of the whole; after that each block goes out as it is made.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from tintype.media.sound.instruments import RATE, Samples, note, pad
from tintype.media.sound.loudness import SILENCE, loudness
from tintype.media.sound.moods import PIECES, Mood
from tintype.media.sound.score import Bar, Note, score
from tintype.media.stopping import Stopped

LUFS: Final = -20.0
"""How loud a bed is."""
FADE_IN_SECONDS: Final = 0.4
FADE_OUT_SECONDS: Final = 2.5
BLOCK: Final = 2 * RATE

_JUDGED_BLOCKS: Final = 10
_ROOM_SIZE: Final = 1 << 18
_ROOM_SECONDS_MAX: Final = (_ROOM_SIZE - BLOCK) / RATE
_NOTES_KEPT_BYTES: Final = 24_000_000
_CHORDS_KEPT: Final = 8


def never() -> bool:
    return False


def bed(
    mood: Mood, samples: int, seed: int, canceled: Callable[[], bool] = never
) -> Iterator[Samples]:
    """Blocks of (n, 2) that together are `samples` long, faded in and out, at `LUFS`.

    The same arguments give the same samples. Raises Stopped when `canceled`, asked before each
    block, says so.
    """
    blocks = _room(_played(mood, samples, seed, canceled), mood, seed)
    judged = list(itertools.islice(blocks, _JUDGED_BLOCKS))
    if not judged:
        return
    heard = loudness(np.concatenate(judged))
    gain = np.float32(0.0 if heard <= SILENCE else 10 ** ((LUFS - heard) / 20))
    at = 0
    while judged or (judged := list(itertools.islice(blocks, 1))):
        block = judged.pop(0)
        block *= gain * faded(at, len(block), samples, FADE_IN_SECONDS, FADE_OUT_SECONDS)
        at += len(block)
        yield block


def faded(at: int, count: int, samples: int, rise: float, fall: float) -> Samples:
    """The gains, (count, 1), of samples from `at` on: from 0 at the first sample, to 0 at the last.

    `rise` and `fall` are in seconds and are shorter where the whole is short.
    """
    place = np.arange(at, at + count, dtype=np.float64)[:, None]
    rising = max(1.0, min(rise * RATE, samples / 4))
    falling = max(1.0, min(fall * RATE, samples / 3))
    near = np.minimum(place / rising, (samples - 1 - place) / falling).clip(0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * near)).astype(np.float32)


def _played(mood: Mood, samples: int, seed: int, canceled: Callable[[], bool]) -> Iterator[Samples]:
    """The dry music, in blocks of `BLOCK`, the last one shorter."""
    player = _Player(mood, seed)
    bars = score(mood, samples, seed)
    coming = next(bars, None)
    for start in range(0, samples, BLOCK):
        if canceled():
            raise Stopped
        while coming is not None and coming.at < start + BLOCK:
            player.play(coming)
            coming = next(bars, None)
        yield player.take(min(BLOCK, samples - start))


class _Player:
    """What is still to sound: `_pending` begins where the last block ended."""

    def __init__(self, mood: Mood, seed: int) -> None:
        self._piece = PIECES[mood]
        self._seed = seed
        self._pending: Samples = np.zeros((0, 2), np.float32)
        self._start = 0
        # Chords come round and most notes return: each is made once, as long as there is room.
        self._notes: dict[tuple[str, int, float], Samples] = {}
        self._notes_bytes = 0
        self._chords: dict[tuple[int, ...], Samples] = {}

    def play(self, bar: Bar) -> None:
        held = self._chords.get(bar.chord)
        if held is None:
            held = pad(bar.chord, bar.seconds, self._piece.bright, self._seed)
            if len(self._chords) < _CHORDS_KEPT:
                self._chords[bar.chord] = held
        self._lay(bar.at, held * np.float32(self._piece.pad))
        for one in bar.notes:
            left, right = np.sqrt((1 - one.pan) / 2), np.sqrt((1 + one.pan) / 2)
            sides = np.array([left, right], np.float32) * np.float32(one.level)
            self._lay(one.at, self._sounding(one)[:, None] * sides)

    def take(self, count: int) -> Samples:
        self._reach(count)
        block, self._pending = self._pending[:count].copy(), self._pending[count:]
        self._start += count
        return block

    def _sounding(self, one: Note) -> Samples:
        key = (one.instrument, one.pitch, one.seconds)
        found = self._notes.get(key)
        if found is None:
            found = note(one.instrument, one.pitch, one.seconds)
            if self._notes_bytes + found.nbytes <= _NOTES_KEPT_BYTES:
                self._notes[key] = found
                self._notes_bytes += found.nbytes
        return found

    def _lay(self, at: int, sound: Samples) -> None:
        first = at - self._start
        self._reach(first + len(sound))
        self._pending[first : first + len(sound)] += sound

    def _reach(self, count: int) -> None:
        missing = count - len(self._pending)
        if missing > 0:
            silence = np.zeros((missing, 2), np.float32)
            self._pending = np.concatenate([self._pending, silence])


def _room(blocks: Iterator[Samples], mood: Mood, seed: int) -> Iterator[Samples]:
    """The blocks as heard in a room: what rings beyond a block is added to the next ones."""
    responses = [_response(mood, seed, side) for side in (0, 1)]
    ringing = np.zeros((_ROOM_SIZE, 2), np.float32)
    for block in blocks:
        for side in (0, 1):
            spectrum = np.fft.rfft(block[:, side], _ROOM_SIZE) * responses[side]
            ringing[:, side] += np.fft.irfft(spectrum, _ROOM_SIZE)
        count = len(block)
        yield ringing[:count].copy()
        ringing[:-count] = ringing[count:]
        ringing[-count:] = 0


def _response(mood: Mood, seed: int, side: int) -> npt.NDArray[np.complex64]:
    """The spectrum of the room's answer to a click: the click, and noise that dies away.

    High tones die first.
    """
    seconds, share = PIECES[mood].air
    count = round(min(seconds, _ROOM_SECONDS_MAX) * RATE)
    noise = np.random.default_rng((seed, side, count)).standard_normal(count)
    time = np.arange(count) / RATE
    tail = np.zeros(count)
    at = np.fft.rfftfreq(count, 1 / RATE)
    spectrum = np.fft.rfft(noise)
    for low, high, length in ((120, 900, 1.0), (900, 4000, 0.7), (4000, 9000, 0.35)):
        band = np.fft.irfft(spectrum * ((at >= low) & (at < high)), count)
        tail += band * np.exp(-6.9 * time / (seconds * length))
    tail *= np.minimum(1, time / 0.012) * np.linspace(1, 0, count)
    click = np.zeros(_ROOM_SIZE, np.float32)
    click[:count] = tail * share / np.sqrt(np.sum(tail * tail))
    click[0] += 1 - share
    return np.fft.rfft(click).astype(np.complex64)

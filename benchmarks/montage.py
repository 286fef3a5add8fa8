"""A reel of 20 s at 1080p30 from 8 photographs, with captions, fades and sound, and its memory.

Run `python benchmarks/montage.py`. Every turn is a process of its own. The pictures are JPEGs of
12 MP, cut from one photograph; the sound is a bed of the built-in moods. Memory is looked at ten
times a second (PSS) over films of 10 and of 60 seconds with the same eight pictures.

Seconds of the processor are told beside those of the clock: on a machine that does other work
they are the steadier figure, and half of them is what two idle cores would take at best.
"""

import argparse
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyvips
from derived_size import PHOTO, photograph
from stand import BUILD, Target, middle, told

from tintype.media.reel.montage import Scene, montage
from tintype.media.sound.soundtrack import soundtrack

WIDTH, HEIGHT, FPS = 1920, 1080, 30
SECONDS = 20
CAPTIONS = (
    "A bright living room with a view of the garden",
    "The sea, five minutes away on foot",
    "A kitchen that was made to be used",
    "Front garden & driveway",
    "Three bedrooms on two floors, all of them to the south",
    "Fruit from the orchard",
    "A workshop for rainy days",
    "Evenings on the terrace",
)
CLOCK_TARGET, GROWTH_TARGET_MB, MEMORY_TARGET_MB = 20.0, 50, 600
ROUNDS = 3
_LOOK_SECONDS = 0.1


def pictures() -> list[bytes]:
    """Eight photographs of one: turned and mirrored, so that no two are alike."""
    folder = BUILD / "montage"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.jpg" for number in range(len(CAPTIONS))]
    if not all(path.exists() for path in paths):
        if not PHOTO.exists():
            PHOTO.parent.mkdir(parents=True, exist_ok=True)
            photograph().jpegsave(str(PHOTO), Q=90)
        whole = pyvips.Image.new_from_file(str(PHOTO))
        for number, path in enumerate(paths):
            part = whole.rot180() if number & 1 else whole
            part = part.fliphor() if number & 2 else part
            part = part.gamma(exponent=1.3) if number & 4 else part
            part.jpegsave(str(path), Q=90)
    return [path.read_bytes() for path in paths]


def proportional() -> float:
    """This process's share of the machine's memory, in MB."""
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1]) / 1024  # type: ignore[index]


def child(seconds: float) -> None:
    """One turn: seconds of the clock, of the processor, bytes and peak memory in MB."""
    given = pictures()
    peak, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            peak[0] = max(peak[0], proportional())

    looking = threading.Thread(target=look)
    looking.start()
    clock, processor = time.perf_counter(), time.process_time()
    film = montage(
        [Scene(it, None, caption) for it, caption in zip(given, CAPTIONS, strict=True)],
        title="12 Harbour View",
        transition="fade",
        width=WIDTH,
        height=HEIGHT,
        fps=FPS,
        duration_seconds=seconds,
        seed=1,
        accent="#e0a030",
        soundtrack=soundtrack(seconds, mood="calm", audio=None, voice=None, seed=1),
    )
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    over.set()
    looking.join()
    assert film.duration_seconds == seconds
    print(clock, processor, len(film.video), peak[0])


def turn(seconds: float) -> list[float]:
    command = [sys.executable, __file__, "--child", str(seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = [float(word) for word in done.stdout.split()]
    print(
        f"{seconds:g} s: {found[0]:.2f} s, {found[1]:.2f} s of the processor,"
        f" {found[2] / 1e6:.2f} MB, peak {found[3]:.0f} MB",
        flush=True,
    )
    return found


def main() -> int:
    pictures()
    rounds = [turn(SECONDS) for _ in range(ROUNDS)]
    short, long = turn(10), turn(60)
    clock, work = middle([it[0] for it in rounds]), middle([it[1] for it in rounds])
    grown = long[3] - short[3]
    return told(
        [
            Target(
                "a reel of 20 s at 1080p30 of 8 pictures of 12 MP, with captions, fades and sound:"
                f" at most {CLOCK_TARGET:g} s",
                f"{clock:.1f} s ({work:.1f} s of the processor)",
                clock <= CLOCK_TARGET,
            ),
            Target(
                f"the same: 60 s of film take at most {GROWTH_TARGET_MB} MB more than 10 s",
                f"{grown:.0f} MB more, {(long[2] - short[2]) / 1e6:.0f} of them the film's own",
                grown <= GROWTH_TARGET_MB,
            ),
            Target(
                f"the same: peak memory at most {MEMORY_TARGET_MB} MB (PSS)",
                f"{long[3]:.0f} MB",
                long[3] <= MEMORY_TARGET_MB,
            ),
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", type=float)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child)
    else:
        sys.exit(main())

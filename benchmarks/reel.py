"""Ten seconds of 1080p30 from a 12 MP photograph: against the clock, and against bare PyAV.

Run `python benchmarks/reel.py`. Both take turns, each in a fresh process of its own: `reel` from
the JPEG's bytes to the MP4's, and PyAV encoding the very same frames with the same settings, all
300 drawn beforehand and held in memory. What `reel` costs beyond the encoder is opening the
picture and drawing the frames.

Seconds of the processor are told beside those of the clock: on a machine that does other work
they are the steadier figure, and half of them is what two idle cores would take at best.
"""

import argparse
import resource
import subprocess
import sys
import time

import av
from derived_size import PHOTO, photograph
from stand import BUILD, Target, middle, told

from tintype.media.reel.film import blank, filming, planes_of
from tintype.media.reel.moves import path_of
from tintype.media.reel.plate import plate, source
from tintype.media.reel.reel import Shot, reel

WIDTH, HEIGHT, FPS, SECONDS = 1920, 1080, 30, 10
FRAMES = FPS * SECONDS
FOCAL = (0.4, 0.6)
REAL_TIME_TARGET, BARE_TARGET, MEMORY_TARGET_MB = 2.0, 1.8, 500
ROUNDS = 3


def ours() -> bytes:
    shot = Shot(PHOTO.read_bytes(), FOCAL, "push_in")
    return reel([shot], width=WIDTH, height=HEIGHT, fps=FPS, duration_seconds=SECONDS, seed=1).video


def drawn() -> list[av.VideoFrame]:
    picture = source(PHOTO.read_bytes())
    path = path_of(
        "push_in",
        picture=picture.size,
        frame=(WIDTH, HEIGHT),
        focal=FOCAL,
        held=True,
        seconds=SECONDS,
        seed=1,
    )
    scene = plate(picture, path.swept(), path.closest(), (WIDTH, HEIGHT), lambda: False)
    frames = []
    for number in range(FRAMES):
        frame = blank(WIDTH, HEIGHT)
        scene.draw(path.at(number / (FRAMES - 1)), planes_of(frame))
        frame.pts = number
        frames.append(frame)
    return frames


def bare(frames: list[av.VideoFrame]) -> bytes:
    """A stream of the same settings, and nothing of ours while frames go in."""
    with filming(WIDTH, HEIGHT, FPS, FRAMES, None) as film:
        container, stream = film.container, film.video
        for frame in frames:
            container.mux(stream.encode(frame))
        return film.finish()


def child(name: str) -> None:
    """One turn: seconds of the clock, of the processor, bytes and peak memory in MB."""
    frames = drawn() if name == "bare" else []
    clock, processor = time.perf_counter(), time.process_time()
    data = bare(frames) if name == "bare" else ours()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(clock, processor, len(data), peak)


def turn(name: str) -> list[float]:
    command = [sys.executable, __file__, "--child", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def main() -> int:
    if not PHOTO.exists():
        PHOTO.parent.mkdir(parents=True, exist_ok=True)
        photograph().jpegsave(str(PHOTO), Q=90)
    BUILD.mkdir(parents=True, exist_ok=True)
    rounds = [(turn("reel"), turn("bare")) for _ in range(ROUNDS)]
    for one, other in rounds:
        assert one[2] == other[2], "Both must have made the same film."
        for name, (clock, processor, size, peak) in (("reel", one), ("bare", other)):
            print(
                f"{name}: {clock:.2f} s, {processor:.2f} s of the processor,"
                f" {size / 1e6:.2f} MB, peak {peak:.0f} MB"
            )
    speed = middle([SECONDS / one[0] for one, _ in rounds])
    work = middle([one[1] for one, _ in rounds])
    ratio = middle([one[1] / other[1] for one, other in rounds])
    peak = max(one[3] for one, _ in rounds)
    return told(
        [
            Target(
                "a reel of 10 s at 1080p30 from a 12 MP photograph:"
                f" at least {REAL_TIME_TARGET:g} x real time",
                f"{speed:.2f} x ({work:.1f} s of the processor)",
                speed >= REAL_TIME_TARGET,
            ),
            Target(
                "the same: at most"
                f" {BARE_TARGET:g} x the work of bare PyAV encoding its frames from memory",
                f"{ratio:.2f} x",
                ratio <= BARE_TARGET,
            ),
            Target(
                f"the same: peak memory at most {MEMORY_TARGET_MB} MB",
                f"{peak:.0f} MB",
                peak <= MEMORY_TARGET_MB,
            ),
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--child")
    asked = parser.parse_args()
    if asked.child:
        child(asked.child)
    else:
        sys.exit(main())

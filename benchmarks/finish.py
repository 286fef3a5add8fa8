"""*Clean* on a 12 MP JPEG beside libvips' own decoding and encoding, and how good it is.

Run `python benchmarks/finish.py`; it prints a markdown table and fails when a target is missed.
All take turns within one run, so the ratios hold on any machine and the seconds only on yours. The
picture is a scene of the tests with the machine look on, so that everything there is to mend gets
mended. Memory is the peak of a process of its own that makes one picture, less what it had before.

Quality is told for scenes and strengths from seeds that no test uses and nothing was tuned on: the
share that *clean* brings nearer to the original than the degraded picture was, by each of the
measures in `tests/support/nearness.py`, and how far it moves originals that nobody degraded.
`realistic` has a benchmark of its own, `finish_realistic.py`.
"""

import argparse
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path
from statistics import median

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.machine_look import degrade, look  # noqa: E402
from support.nearness import colour_distance, distance  # noqa: E402
from support.scenes import scene  # noqa: E402
from tintype.media.encode import encode  # noqa: E402
from tintype.media.finish.clean import clean, clean_pixels  # noqa: E402
from tintype.media.vips import open_picture  # noqa: E402

PHOTO = ROOT / ".build" / "finish" / "pushed.jpg"
BARE_TARGET, MEMORY_TARGET_MB, TWO_TARGET = 6.0, 400, 1.6
SHARE_TARGET, UNTOUCHED_TARGET = 0.9, 1.5
MASTER_QUALITY = 92
SEED, CASES = 5000, 120
MEASURES = ("colour (mean CIEDE2000)", "fine detail in textured blocks", "colourfulness")


def bare(data):
    return encode(open_picture(data, "jpeg"), "jpeg", MASTER_QUALITY)


def cleaned(data):
    return clean(
        data,
        strength=1.0,
        preset=None,
        seed=3,
        canceled=lambda: False,
        progress=lambda _done: None,
    )


def pixels_cleaned(pixels):
    return clean_pixels(
        pixels,
        strength=1.0,
        preset=None,
        seed=3,
        canceled=lambda: False,
        progress=lambda _done: None,
    )


def seconds(work, *arguments):
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def two_at_once(data):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(cleaned, [data, data]))


def clean_speed(data, rounds):
    bare(data)
    cleaned(data)
    ratios, times, together = [], [], []
    for _ in range(rounds):
        plain = seconds(bare, data)
        times.append(seconds(cleaned, data))
        ratios.append(times[-1] / plain)
        together.append(2 * times[-1] / seconds(two_at_once, data))
    yield (
        f"clean, 12 MP: at most {BARE_TARGET:g} x libvips' decode and encode",
        median(ratios) <= BARE_TARGET,
        f"{median(ratios):.1f} x ({median(times):.2f} s)",
    )
    yield (
        f"clean, two at once on two cores: at least {TWO_TARGET} x one after another",
        median(together) >= TWO_TARGET,
        f"{median(together):.2f} x",
    )


def memory_mb(name):
    """A line of /proc/self/status; the peak that getrusage tells begins with the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024 / 1e6


def child():
    data = PHOTO.read_bytes()
    idle = memory_mb("VmRSS")
    cleaned(data)
    print(memory_mb("VmHWM") - idle)


def clean_memory():
    run = subprocess.run(
        [sys.executable, __file__, "--child"], check=True, capture_output=True, text=True
    )
    peak = float(run.stdout)
    yield (
        f"clean, memory of a 12 MP JPEG: at most {MEMORY_TARGET_MB} MB above idle",
        peak <= MEMORY_TARGET_MB,
        f"{peak:.0f} MB",
    )


def clean_quality(cases):
    before, after, untouched = [], [], []
    for number in range(SEED, SEED + cases):
        original = scene(number)
        pushed = degrade(original, look(number))
        before.append(astuple(distance(original, pushed)))
        after.append(astuple(distance(original, pixels_cleaned(pushed))))
        untouched.append(colour_distance(original, pixels_cleaned(original)))
    before, after = np.array(before), np.array(after)
    told = ~np.isnan(before)  # A scene without any texture has no texture to lose.
    nearer = (after < before) | ~told
    shares = [nearer[told[:, at], at].mean() for at in range(len(MEASURES))]
    print(f"\n{cases} scenes degraded at random strengths, mean distance to the original:\n")
    print("| | degraded | cleaned | nearer |\n|---|---|---|---|")
    for at, name in enumerate(MEASURES):
        means = f"{np.nanmean(before[:, at]):.2f} | {np.nanmean(after[:, at]):.2f}"
        print(f"| {name} | {means} | {shares[at]:.1%} |")
    print(f"| all three at once | | | {nearer.all(1).mean():.1%} |\n")
    for at, name in enumerate(MEASURES):
        yield (
            f"clean, {name}: at least {SHARE_TARGET:.0%} nearer to the original",
            shares[at] >= SHARE_TARGET,
            f"{shares[at]:.1%} of {told[:, at].sum()}",
        )
    yield (
        f"clean, untouched originals move by less than dE {UNTOUCHED_TARGET} on average",
        np.mean(untouched) < UNTOUCHED_TARGET,
        f"{np.mean(untouched):.2f} (most {np.max(untouched):.1f})",
    )


def make_photo():
    PHOTO.parent.mkdir(parents=True, exist_ok=True)
    if not PHOTO.exists():
        pushed = degrade(scene(SEED + 11, 4000, 3000), look(SEED))
        cv2.imwrite(str(PHOTO), pushed[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def main(rounds, cases):
    make_photo()
    data = PHOTO.read_bytes()
    checks = [*clean_speed(data, rounds), *clean_memory(), *clean_quality(cases)]
    print("| target | found | |\n|---|---|---|")
    for target, met, found in checks:
        print(f"| {target} | {found} | {'met' if met else 'MISSED'} |")
    return 0 if all(met for _, met, _ in checks) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child()
    else:
        sys.exit(main(options.rounds, options.cases))

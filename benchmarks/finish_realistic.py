"""*Realistic* on a 12 MP JPEG: beside libvips' own decoding and encoding of it, and two at once.

Run `python benchmarks/finish_realistic.py`; it prints a markdown table and fails when a target is
missed. All take turns within one run, so the ratios hold on any machine and the seconds only on
yours. Beside libvips processor time counts, as both fill one core; for two at once it is the clock
that counts. The picture is the one of `derived_size.py`. Memory is the peak of a process of its own
that makes one picture, less what it had before.
"""

import argparse
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from derived_size import PHOTO, photograph

from tintype.media.encode import encode
from tintype.media.finish.camera import CAMERAS, DEFAULT, TABLE
from tintype.media.finish.realistic import realistic
from tintype.media.vips import open_picture

BARE_TARGET, MEMORY_TARGET_MB, TWO_TARGET = 6.0, 400, 1.6
MASTER_QUALITY = 92


def bare(data):
    return encode(open_picture(data, "jpeg"), "jpeg", MASTER_QUALITY)


def finish(data, camera):
    return realistic(
        data, strength=0.8, camera=TABLE[camera], seed=3,
        canceled=lambda: False, progress=lambda _done: None,
    )  # fmt: skip


def seconds(clock, work, *arguments):
    started = clock()
    work(*arguments)
    return clock() - started


def two_at_once(data):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _number: finish(data, DEFAULT), range(2)))


def peak_mb(camera):
    """What one picture takes at its peak, in megabytes above the idle process."""
    run = subprocess.run(
        [sys.executable, __file__, "--child", camera], check=True, capture_output=True, text=True
    )
    return float(run.stdout)


def memory_mb(name):
    """A line of /proc/self/status; the peak that getrusage tells begins with the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024 / 1e6


def child(camera):
    data = PHOTO.read_bytes()
    idle = memory_mb("VmRSS")
    finish(data, camera)
    print(memory_mb("VmHWM") - idle)


def main(rounds):
    PHOTO.parent.mkdir(parents=True, exist_ok=True)
    if not PHOTO.exists():
        photograph().jpegsave(str(PHOTO), Q=90)
    data = PHOTO.read_bytes()
    bare(data)
    finish(data, DEFAULT)
    ratios, times, together = {camera: [] for camera in CAMERAS}, [], []
    for _ in range(rounds):
        for camera in CAMERAS:
            plain = seconds(time.process_time, bare, data)
            ratios[camera].append(seconds(time.process_time, finish, data, camera) / plain)
        times.append(seconds(time.perf_counter, finish, data, DEFAULT))
        together.append(2 * times[-1] / seconds(time.perf_counter, two_at_once, data))
    checks = [
        (
            f"realistic, {camera}, 12 MP: at most {BARE_TARGET:g} x libvips' decode and encode",
            median(ratios[camera]) <= BARE_TARGET,
            f"{median(ratios[camera]):.1f} x"
            + (f" ({median(times):.2f} s)" if camera == DEFAULT else ""),
        )
        for camera in CAMERAS
    ]
    memory = max(peak_mb(camera) for camera in CAMERAS)
    checks += [
        (
            f"realistic, memory of a 12 MP JPEG: at most {MEMORY_TARGET_MB} MB above idle",
            memory <= MEMORY_TARGET_MB,
            f"{memory:.0f} MB",
        ),
        (
            f"realistic, two at once on two cores: at least {TWO_TARGET} x one after another",
            median(together) >= TWO_TARGET,
            f"{median(together):.2f} x",
        ),
    ]
    print("| target | found | |\n|---|---|---|")
    for target, met, found in checks:
        print(f"| {target} | {found} | {'met' if met else 'MISSED'} |")
    return 0 if all(met for _, met, _ in checks) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--child", choices=CAMERAS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child)
    else:
        sys.exit(main(options.rounds))

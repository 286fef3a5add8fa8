"""What a sketch takes to become a picture, and a sheet of sketches with their pictures.

    python benchmarks/sketch.py                          the times, and the memory
    python benchmarks/sketch.py --sheet docs/images      the sheet, to judge by eye

The drawings are those of the tests, made on the spot.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from tintype.media.sketch.studio import sketch_to_photo

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from media.sketch import drawings as d

REPEATS = 5
TILE = 288
CAPTION = 26
COLUMNS = 3
SHEET = [
    (d.page(d.mug()), "a red ceramic mug"),
    (d.pencil(d.shoe()), "white leather sneaker with a blue sole"),
    (d.page(d.chair()), "oak wood chair"),
    (d.page(d.teapot(), ink=(235, 235, 235), paper=(24, 28, 34)), "brushed steel teapot, dramatic"),
    (d.page(d.handbag(), wobble=2.5, times=2, pen=3), "brown leather handbag, gold clasp"),
    (d.page(d.dress()), "emerald silk dress"),
    (d.page(d.bottle(), ink=(40, 70, 190)), "green glass bottle with a paper label"),
    (d.page(d.lamp()), "white linen lamp with a brass stand"),
    (d.page(d.vase(), ink=(200, 40, 50)), "blue and white porcelain vase, beige background"),
    (d.page(d.armchair(), pen=9), "mustard velvet armchair"),
    (d.page(d.car()), "red car at sunset"),
    (d.page(d.cactus()), "cactus in a terracotta pot"),
    (d.page(d.perfume()), "perfume, pink glass, soft light"),
    (d.pencil(d.hat()), "straw hat with a black ribbon, morning light"),
    (d.page(d.mug(), wobble=3), "a knitted cup of coffee"),
    (d.page(d.vase()), "copper vase on a navy background"),
    (d.page(d.perfume()), "perfume bottle, neon light"),
    (d.page(d.mug()), "marble mug with a wooden handle"),
]


SIZES = ((512, 512), (1024, 1024), (2048, 2048), (3072, 3072))
WORDS = "leather handbag with a gold clasp"


def times() -> None:
    sketch = d.png(d.page(d.handbag(), side=1000))
    full = d.png(d.page([d.line((8, 8), (992, 8), (992, 992), (8, 992), closed=True)], side=1000))
    print("| picture | seconds of one core, median of 5 | MB at the peak | filling the page |")
    print("|---|---|---|---|")
    # Before the times: a child's peak begins with its parent's.
    spawn = multiprocessing.get_context("spawn")
    peaks = {}
    for size in SIZES:
        for page, words in ((sketch, WORDS), (full, "marble slab")):
            with spawn.Pool(1) as pool:
                peaks[size, words] = pool.apply(peak_mb, (page, words, *size))
    for width, height in SIZES:
        took = []
        for seed in range(REPEATS):
            before = time.process_time()
            sketch_to_photo(sketch, WORDS, width=width, height=height, seed=seed)
            took.append(time.process_time() - before)
        usual, most = (peaks[(width, height), words] for words in (WORDS, "marble slab"))
        print(f"| {width} x {height} | {statistics.median(took):.2f} | {usual} | {most} |")


def peak_mb(page: bytes, words: str, width: int, height: int) -> int:
    """What the picture adds to the peak of a process that made a small one before."""
    sketch_to_photo(page, words, width=128, height=128, seed=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sketch_to_photo(page, words, width=width, height=height, seed=1)
    return round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def pair(page: d.Bytes, prompt: str, seed: int) -> d.Bytes:
    """A sketch beside its picture over its prompt."""
    made = d.rgb(sketch_to_photo(d.png(page), prompt, width=2 * TILE, height=2 * TILE, seed=seed))
    both = [cv2.resize(p, (TILE, TILE), interpolation=cv2.INTER_AREA) for p in (page, made)]
    words = np.full((CAPTION, 2 * TILE, 3), 255, np.uint8)
    cv2.putText(
        words, prompt, (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (70, 70, 76), 1, cv2.LINE_AA
    )
    return np.vstack((np.hstack(both), words))


def sheet(folder: Path) -> None:
    cells = [pair(page, prompt, seed) for seed, (page, prompt) in enumerate(SHEET, 1)]
    blank = np.full_like(cells[0], 255)
    cells += [blank] * (-len(cells) % COLUMNS)
    rows = [np.hstack(cells[i : i + COLUMNS]) for i in range(0, len(cells), COLUMNS)]
    whole = np.vstack(rows)[..., ::-1]
    cv2.imwrite(str(folder / "sketch-sheet.jpg"), whole, [cv2.IMWRITE_JPEG_QUALITY, 84])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path, help="the folder to write sketch-sheet.jpg to")
    asked = parser.parse_args()
    sheet(asked.sheet) if asked.sheet else times()

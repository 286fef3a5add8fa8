"""Write the before/after sheet of *realistic* that docs/finishing.md shows.

Run it from the project's root: `python benchmarks/finish_sheet_realistic.py`. The sources are
scenes of the tests, rendered on the spot with the machine look put on them, and one drawing of the
built-in engine. From left to right: the source, then each camera. The upper row of a pair is the
whole picture, the lower one a piece of it pixel for pixel.
"""

import sys
from pathlib import Path

import numpy as np
import pyvips

from tintype.media.draft.draw import draw
from tintype.media.finish.camera import CAMERAS, TABLE
from tintype.media.finish.frame import opened
from tintype.media.finish.realistic import realistic_pixels

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.machine_look import HELD_OUT, degrade, look  # noqa: E402
from support.scenes import scene  # noqa: E402

SHEET = ROOT / "docs" / "images" / "finish-realistic.jpg"
STRENGTH = 1.0
WIDTH, HEIGHT, CELL, GAP = 1216, 832, 248, 6
# Scene or prompt, and where the piece begins: as shares of what is left of the sides.
SOURCES = [(1014, 0.35, 0.62), (1017, 0.55, 0.2), ("a red fox in the forest", 0.0, 0.0)]


def sources():
    for what, across, down in SOURCES:
        if isinstance(what, str):
            pixels = opened(draw(what, width=WIDTH, height=HEIGHT, seed=11)).pixels
        else:
            pixels = degrade(scene(what, WIDTH, HEIGHT), look(HELD_OUT + what))
        yield pixels, round((WIDTH - CELL) * across), round((HEIGHT - CELL) * down)


def taken(pixels, camera, strength):
    return realistic_pixels(
        pixels, strength=strength, camera=TABLE[camera], seed=7,
        canceled=lambda: False, progress=lambda _done: None,
    )  # fmt: skip


def image(pixels):
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    return pyvips.Image.new_from_memory(pixels.data, width, height, 3, "uchar").copy(
        interpretation="srgb"
    )


def main():
    rows = []
    for pixels, x, y in sources():
        row = [pixels, *(taken(pixels, camera, STRENGTH) for camera in CAMERAS)]
        small = [image(one).thumbnail_image(CELL) for one in row]
        pieces = [image(one[y : y + CELL, x : x + CELL]) for one in row]
        rows += [pyvips.Image.arrayjoin(cells, across=len(row), shim=GAP, background=255)
                 for cells in (small, pieces)]  # fmt: skip
    sheet = rows[0]
    for row in rows[1:]:
        sheet = sheet.join(row, "vertical", shim=GAP, background=255)
    sheet.jpegsave(str(SHEET), Q=85, subsample_mode="off", optimize_coding=True)
    print(f"{SHEET.relative_to(ROOT)}: {SHEET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

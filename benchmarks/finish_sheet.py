"""Write the before-and-after sheets of finishing that docs/finishing.md shows.

Run it from the project's root: `python benchmarks/finish_sheet.py`. The scenes and what is done to
them are those of the tests (`tests/support/`), from seeds that are in no test.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import pyvips

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.machine_look import degrade, look  # noqa: E402
from support.scenes import scene  # noqa: E402
from tintype.media.finish.clean import clean_pixels  # noqa: E402

IMAGES = ROOT / "docs" / "images"
# A face, a street, fruit and mountains: the remainder by twelve is the kind of scene.
SCENES = (2009, 2011, 2014, 2004)
CROPS = ((2011, 150, 170), (2009, 210, 120), (2014, 200, 60))
SHOWN_PIXELS, CROP_PIXELS, CROP_TIMES, GAP_PIXELS = 400, (132, 96), 3, 8


def cleaned(pixels):
    return clean_pixels(
        pixels,
        strength=1.0,
        preset=None,
        seed=1,
        canceled=lambda: False,
        progress=lambda _: None,
    )


def versions(number):
    """The scene, the scene with the machine look, that cleaned, and the untouched scene cleaned."""
    original = scene(number)
    pushed = degrade(original, look(number))
    return original, pushed, cleaned(pushed), cleaned(original)


def shown(pixels):
    height = round(pixels.shape[0] * SHOWN_PIXELS / pixels.shape[1])
    return cv2.resize(pixels, (SHOWN_PIXELS, height), interpolation=cv2.INTER_AREA)


def magnified(pixels, left, top):
    wide, high = CROP_PIXELS
    crop = pixels[top : top + high, left : left + wide]
    size = (wide * CROP_TIMES, high * CROP_TIMES)
    return cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC)


def write(name, rows):
    """A row per scene, side by side with a white gap."""
    tiles = [
        pyvips.Image.new_from_array(np.ascontiguousarray(tile)).copy(interpretation="srgb")
        for row in rows
        for tile in row
    ]
    sheet = pyvips.Image.arrayjoin(
        tiles, across=len(rows[0]), shim=GAP_PIXELS, background=[255, 255, 255]
    )
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = IMAGES / name
    sheet.jpegsave(str(path), Q=86, optimize_coding=True, keep="none")
    print(
        f"{path.relative_to(ROOT)}: {sheet.width} x {sheet.height}, {path.stat().st_size:,} bytes"
    )


def clean_sheets():
    write("finish-clean.jpg", [[shown(p) for p in versions(number)] for number in SCENES])
    write(
        "finish-clean-detail.jpg",
        [[magnified(p, left, top) for p in versions(number)[:3]] for number, left, top in CROPS],
    )


if __name__ == "__main__":
    clean_sheets()

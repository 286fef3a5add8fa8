"""Write the contact sheet of the built-in engine that docs/draft-engine.md shows.

Run it from the project's root: `python benchmarks/contact_sheet.py`. The prompts are read from the
document itself, so the sheet always shows what the document lists.
"""

import re
import statistics
import time
from pathlib import Path

import pyvips

from tintype.media.draft.draw import draw

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "draft-engine.md"
SHEET = ROOT / "docs" / "images" / "contact-sheet.webp"
ACROSS, SIDE_PIXELS, SHOWN_PIXELS, GAP_PIXELS = 6, 1024, 384, 10
_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (\d+) \|$", re.MULTILINE)


def listed_prompts():
    """The numbered prompts and seeds of the document's table, in order."""
    rows = _ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    return [(prompt, int(seed)) for _, prompt, seed in rows]


def main():
    pictures, seconds = [], []
    for prompt, seed in listed_prompts():
        started = time.perf_counter()
        data = draw(prompt, width=SIDE_PIXELS, height=SIDE_PIXELS, seed=seed)
        seconds.append(time.perf_counter() - started)
        pictures.append(pyvips.Image.thumbnail_buffer(data, SHOWN_PIXELS))
    sheet = pyvips.Image.arrayjoin(
        pictures, across=ACROSS, shim=GAP_PIXELS, background=[255, 255, 255]
    )
    SHEET.parent.mkdir(parents=True, exist_ok=True)
    sheet.write_to_file(str(SHEET), Q=84, effort=5)
    print(f"{len(pictures)} drawings of {SIDE_PIXELS} x {SIDE_PIXELS} pixels:")
    print(f"median {statistics.median(seconds) * 1000:.0f} ms, most {max(seconds) * 1000:.0f} ms")
    print(f"{SHEET.relative_to(ROOT)}: {SHEET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

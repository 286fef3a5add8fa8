"""The TEST mark of sandbox pictures, drawn as strokes so that no font is needed."""

from tintype.media.draft.svg import group, num, path, polygon, stroke

_LETTERS = {
    "T": "M0 0H60M30 0V100",
    "E": "M56 0H0V100H56M0 50H46",
    "S": "M56 14C44 -6 4 -6 4 24C4 54 58 44 58 74C58 106 12 106 0 86",
}


def _word(color: str, width: float) -> str:
    return "".join(
        group(stroke(_LETTERS[letter], color, width), transform=f"translate({90 * i} 0)")
        for i, letter in enumerate("TEST")
    )


def test_mark(w: float, h: float) -> str:
    """A pale TEST across the picture and a red corner ribbon that no crop of the middle loses."""
    size = min(w, h) / 1000
    big = 1.55 * size
    across = group(
        group(_word("#1c1440", 22), opacity=0.16) + group(_word("#ffffff", 15), opacity=0.42),
        transform=(
            f"translate({num(w / 2)} {num(h / 2)}) rotate(-24) scale({big:.4f}) translate(-165 -50)"
        ),
    )
    k = 250 * size
    ribbon = polygon([(w - k, 0), (w - k * 0.56, 0), (w, k * 0.56), (w, k)], "#d8433f")
    edge = path(
        f"M{num(w - k)} 0L{num(w)} {num(k)}M{num(w - k * 0.56)} 0L{num(w)} {num(k * 0.56)}",
        "none",
        stroke="#ffffff",
        stroke_width=3 * size,
        opacity=0.7,
    )
    label = group(
        _word("#ffffff", 19),
        transform=(
            f"translate({num(w - k * 0.39)} {num(k * 0.39)}) rotate(45) "
            f"scale({0.4 * size:.4f}) translate(-165 -50)"
        ),
    )
    return across + ribbon + edge + label

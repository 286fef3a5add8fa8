"""Which of several kinds of an answer a client wants, by its `Accept` (RFC 9110, section 12.5.1).

The framework's own reading knows no `q=0` and fails at `q=inf`.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from tintype.api.parts import AnyRequest

VARY: Final = {"Vary": "Accept"}
"""The header of every answer that `accepted` had a say in, the usual kind too."""
_QUALITY: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


class _Range(NamedTuple):
    """One entry: `text/csv;q=0.5`. Other parameters than `q` are not looked at."""

    name: str
    quality: float
    place: int

    @property
    def specificity(self) -> int:
        return 2 - (self.name == "*/*") - self.name.endswith("/*")

    def fits(self, media_type: str) -> bool:
        return self.name in {media_type, f"{media_type.partition('/')[0]}/*", "*/*"}


def accepted(request: AnyRequest, offered: Sequence[str]) -> str:
    """The one of `offered` that the request likes best.

    Among equals the one that is named most exactly, then first; without a word about any of them,
    and where all are refused, the first offered.
    """
    header = ",".join(request.headers.getall("accept", []))
    ranges = [_range(text, place) for place, text in enumerate(header.split(","))]

    def liking(media_type: str) -> tuple[float, int, int]:
        # What is said of this very type holds, not what is said of its kin.
        fitting = sorted(ranges, key=lambda one: one.specificity, reverse=True)
        best = next((one for one in fitting if one.fits(media_type)), None)
        if best is None or not best.quality:
            return 0.0, 0, 0
        return best.quality, best.specificity, -best.place

    return max(offered, key=liking)


def _range(text: str, place: int) -> _Range:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key == "q" and _QUALITY.fullmatch(value):
            quality = float(value)
    return _Range(name, quality, place)

"""Locales: language tags as BCP 47 writes them, and the English that each stands for."""

import re
from collections.abc import Callable
from typing import Final

from tintype.engines.polish.checker import Dialect

DEFAULT: Final = "en-US"
# language, script, region, then variants and extensions of RFC 5646 as far as they have a shape.
_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)
_LENGTH_MAX: Final = 35
_CASES: Final[dict[int, Callable[[str], str]]] = {2: str.upper, 4: str.title}  # Region, script.
_DIALECTS: Final[dict[str, Dialect]] = {
    "US": "American", "PH": "American", "": "American",
    "AU": "Australian", "CA": "Canadian", "IN": "Indian",
}  # fmt: skip


def canonical(locale: str) -> str:
    """The tag in its usual case: "en-gb" is "en-GB". Raises ValueError where it is none."""
    match = _TAG.fullmatch(locale) if len(locale) <= _LENGTH_MAX else None
    if match is None:
        raise ValueError("must be a language tag such as en-US, en-GB or pl-PL")
    language, *rest = locale.split("-")
    return "-".join([language.lower(), *(_CASES.get(len(part), str.lower)(part) for part in rest)])


def dialect_of(locale: str) -> Dialect | None:
    """Which English it is, None for another language; one without a checker goes by British."""
    match = _TAG.fullmatch(locale)
    if match is None or match["language"].lower() != "en":
        return None
    return _DIALECTS.get((match["region"] or "").upper(), "British")

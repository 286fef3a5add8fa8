"""The word lists of `words.toml`, read once."""

import tomllib
from importlib import resources
from typing import Final

_RAW: Final = tomllib.loads(
    resources.files("tintype.engines.polish").joinpath("words.toml").read_text(encoding="utf-8")
)


def listed(name: str) -> frozenset[str]:
    """The words of a list. Raises KeyError where there is no such list."""
    return frozenset(_RAW[name].split())


def paired(name: str) -> dict[str, str]:
    """A table of what is written and what it becomes."""
    pairs = (pair.partition("=") for pair in _RAW[name].split(";"))
    return {wrong.strip(): right.strip() for wrong, _, right in pairs}

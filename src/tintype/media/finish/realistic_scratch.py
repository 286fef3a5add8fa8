"""Room for the planes of a strip, which the next strip uses again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Bytes, Floats


class Scratch:
    """Arrays of `width` columns by name; each keeps its memory until a taller one is asked for.

    The system hands out fresh memory a page at a time, and a strip's planes are large enough to
    be handed back each time: at 12 MP that was a third of the time. One run has one of these; what
    it gives holds whatever was last written under that name.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._kept: dict[tuple[str, str], NDArray[Any]] = {}

    def floats(self, name: str, rows: int) -> Floats:
        return self._array(name, rows, "float32")

    def words(self, name: str, rows: int) -> NDArray[np.uint16]:
        return self._array(name, rows, "uint16")

    def bytes(self, name: str, rows: int) -> Bytes:
        return self._array(name, rows, "uint8")

    def _array(self, name: str, rows: int, kind: str) -> NDArray[Any]:
        kept = self._kept.get((name, kind))
        if kept is None or len(kept) < rows:
            kept = self._kept[name, kind] = np.empty((rows, self._width), kind)
        return kept[:rows]

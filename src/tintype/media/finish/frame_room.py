"""Room for the planes of a strip, which the next strip uses again.

Fresh memory comes from the system page by page, and planes of megabytes go back to it when they
are let go: a quarter of the time of cleaning a large picture went into that, and two pictures at
once waited there for each other.
"""

import math

import numpy as np

from tintype.media.finish.frame import Floats


class Room:
    """Float arrays by name; one that is asked for again holds whatever was last written there.

    For one picture and one thread. An array grows when a larger one is asked for by its name.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Floats] = {}

    def floats(self, name: str, *shape: int) -> Floats:
        """A contiguous array of this shape, not cleared."""
        size = math.prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            kept = self._kept[name] = np.empty(size, np.float32)
        return kept[:size].reshape(shape)

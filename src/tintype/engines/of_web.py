"""The engines of a web process: for work that is done while a request waits."""

from tintype.engines.polish import engine as polish
from tintype.engines.registry import Engines


def for_text(*, threads: int) -> Engines:
    """The engines of a web process: work short enough to be done while a request waits.

    A text provider is one more entry here; it takes the place of the built-in one.
    """
    return Engines({polish.MODEL: polish.PolishEngine(threads=threads)})

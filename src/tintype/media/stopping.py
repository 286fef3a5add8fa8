"""How long work on media is told to stop, and tells how far it is."""

from collections.abc import Callable

Canceled = Callable[[], bool]
Progress = Callable[[float], None]
"""Is told how much is done, 0 to 1."""


class Stopped(Exception):
    """The caller asked for the work to end before it was done; nothing was made."""


def report(done: float, canceled: Canceled, progress: Progress) -> None:
    """Between two parts of the work: stop if asked to, else tell how much is done."""
    if canceled():
        raise Stopped
    progress(min(1.0, done))

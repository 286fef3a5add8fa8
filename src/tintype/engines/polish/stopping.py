"""How work on a text ends early: it asks between its steps, none of which takes long."""

from collections.abc import Callable

Ask = Callable[[], bool]


class Stopped(Exception):
    """The work was told to stop between two steps."""


def go_on(stopped: Ask) -> None:
    """Raises Stopped where `stopped` says so."""
    if stopped():
        raise Stopped

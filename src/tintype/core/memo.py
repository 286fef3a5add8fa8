"""Look-ups of one request, each made once however often the request names its object."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from tintype.core.errors import TintypeError

T = TypeVar("T")


class Memo:
    """Answers and refusals by their question; for one request, in one transaction."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Any] = {}
        self._refused: dict[Hashable, TintypeError] = {}

    def tell(self, question: Hashable, answer: Any) -> None:
        """The answer, looked up already by some other way."""
        self._found[question] = answer

    async def once(self, question: Hashable, look: Callable[[], Awaitable[T]]) -> T:
        """What `look` answers or raises, asked for the first time or remembered."""
        if question in self._refused:
            # Its traceback would grow with each time it is raised.
            raise self._refused[question].with_traceback(None)
        if question not in self._found:
            try:
                self._found[question] = await look()
            except TintypeError as fault:
                self._refused[question] = fault
                raise
        found: T = self._found[question]
        return found

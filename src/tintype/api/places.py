"""How many answers may be held open at once: streams and `Prefer: wait`.

Without a bound, one client's thousand streams would take the connections that everybody else needs.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tintype.core.errors import RateLimited

# Below the server's own bound on connections (512 a process), so that short requests get through.
PLACES_MAX: Final = 384
PLACES_PER_ORGANIZATION: Final = 128
_RETRY_SECONDS: Final = 5


class Places:
    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def has_room(self, organization_id: str) -> bool:
        taken = self._taken
        return taken[organization_id] < PLACES_PER_ORGANIZATION and taken.total() < PLACES_MAX

    def require_room(self, organization_id: str) -> None:
        """Raise RateLimited where no further answer may be held open."""
        if not self.has_room(organization_id):
            raise RateLimited(
                f"Too many open streams; {PLACES_PER_ORGANIZATION} are allowed at once.",
                retry_after_seconds=_RETRY_SECONDS,
            )

    @contextlib.contextmanager
    def held(self, organization_id: str) -> Iterator[None]:
        self._taken[organization_id] += 1
        try:
            yield
        finally:
            self._taken[organization_id] -= 1
            if not self._taken[organization_id]:
                del self._taken[organization_id]

"""How many credits moved, by kind of ledger entry.

Holds are not counted: they are written within requests that may yet be rolled back, and each that
stays is counted by its end, as settled or released.
"""

from prometheus_client import Counter

_MOVED = Counter("tintype_credits_moved", "Credits moved, by type of ledger entry.", ["type"])


def moved(kind: str, amount: int) -> None:
    _MOVED.labels(kind).inc(abs(amount))

"""Attempts by outcome, their seconds, and how far behind the log the fan-out is."""

from prometheus_client import Counter, Gauge, Histogram

_ATTEMPTS = Counter("tintype_webhook_attempts", "Webhooks posted.", ["outcome"])
_SECONDS = Histogram(
    "tintype_webhook_seconds", "From post to the end of the answer.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)  # fmt: skip
_LAG = Gauge(
    "tintype_webhook_lag_seconds", "Age of the oldest event when it was last fanned out.",
    multiprocess_mode="mostrecent",
)  # fmt: skip


def attempted(outcome: str, milliseconds: int) -> None:
    _ATTEMPTS.labels(outcome).inc()
    _SECONDS.observe(milliseconds / 1000)


def fanned_out(lag_seconds: float) -> None:
    _LAG.set(lag_seconds)

"""Job seconds and outcomes."""

from prometheus_client import Counter, Histogram

_FINISHED = Counter("tintype_jobs_finished", "Generations ended.", ["model", "status"])
_FAILED = Counter("tintype_attempts_failed", "Attempts that an engine failed.", ["model", "code"])
_SECONDS = Histogram(
    "tintype_job_seconds", "From claim to commit of a completed generation.", ["model"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
)  # fmt: skip


def finished(model: str, status: str, seconds: float | None) -> None:
    _FINISHED.labels(model, status).inc()
    if seconds is not None:
        _SECONDS.labels(model).observe(seconds)


def attempt_failed(model: str, code: str) -> None:
    _FAILED.labels(model, code).inc()

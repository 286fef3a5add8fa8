"""What went wrong in a run, in words that a client may see."""

from typing import Any, Final

from tintype.core.errors import EngineUnavailable, TintypeError, Unavailable
from tintype.engines.base import EngineFault, FaultCode
from tintype.fetch import FetchFailed
from tintype.generations.watch import LeaseLost, RunWatch, canceled

# How long storage or database get before the next attempt, and an engine at most.
_AWAY_SECONDS: Final = 2.0
_RETRY_AFTER_SECONDS_MAX: Final = 300.0
_CODES: Final = {
    "CONTENT_REJECTED": "CONTENT_REJECTED",
    "TIMEOUT": "PROVIDER_TIMEOUT",
    "UNSUPPORTED": "VALIDATION_FAILED",
    "INVALID_REQUEST": "VALIDATION_FAILED",
    "BAD_CREDENTIALS": "ENGINE_UNAVAILABLE",
}


def judged(fault: BaseException, watch: RunWatch) -> EngineFault:
    """What went wrong, as a fault whose words a client may see. Raises LeaseLost."""
    if watch.lost:
        raise LeaseLost from fault
    if watch.asked_to_cancel:
        return canceled()
    if watch.overdue:
        fault = TimeoutError()
    if isinstance(fault, EngineFault) and fault.code != "CANCELED":
        return fault
    match fault:
        case EngineFault():
            # Nobody asked for it: an engine must not end work that a client waits for.
            wrong = EngineFault("PROVIDER_ERROR", "The engine gave up.", retryable=True)
        case FetchFailed():
            # What a second try can't mend is the URL's fault, and so the request's.
            code: FaultCode = "PROVIDER_ERROR" if fault.retryable else "INVALID_REQUEST"
            wrong = EngineFault(code, fault.reason, retryable=fault.retryable)
        case EngineUnavailable():
            wrong = EngineFault("BAD_CREDENTIALS", fault.message)
        case Unavailable():
            wrong = EngineFault("PROVIDER_ERROR", fault.message, retryable=True,
                                retry_after_seconds=_AWAY_SECONDS)  # fmt: skip
        case TintypeError():
            wrong = EngineFault("PROVIDER_ERROR", fault.message)
        case TimeoutError():
            wrong = EngineFault("TIMEOUT", "The engine did not answer in time.")
        case _:
            wrong = EngineFault(
                "PROVIDER_ERROR", "The work failed in an unforeseen way.", retryable=True
            )
    wrong.__cause__ = fault
    return wrong


def error_of(fault: EngineFault) -> dict[str, Any]:
    """The fault as a generation's row has it."""
    return {"code": _CODES.get(fault.code, "PROVIDER_ERROR"), "message": fault.message}


def delay_seconds(fault: EngineFault, attempt: int, retry_seconds: float) -> float:
    """How long to wait after the first, second … attempt failed: growing, or as it asks for."""
    growing = retry_seconds * 2.0 ** (attempt - 1)
    return max(growing, min(fault.retry_after_seconds or 0.0, _RETRY_AFTER_SECONDS_MAX))

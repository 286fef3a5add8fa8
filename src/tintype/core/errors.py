"""Every error a client can meet, in one tree.

TintypeError
├── BadRequest 400 · Unauthorized 401 · InsufficientCredits 402 ── SpendCapReached
├── Forbidden 403
├── NotFound 404 · MethodNotAllowed 405
├── Conflict 409 ── AliasTaken, NotReady, IdempotencyInProgress
├── PreconditionFailed 412
├── PayloadTooLarge 413 · UnsupportedMediaType 415
├── ValidationFailed 422 · ContentRejected 422 · IdempotencyMismatch 422
├── RateLimited 429
├── Internal 500
└── ProviderError 502 · EngineUnavailable 503 · Unavailable 503 · ProviderTimeout 504

One handler (`api/rendering.py`) turns them into either mount's error body.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class TintypeError(Exception):
    """A fault with a stable code, an HTTP status and a message that is safe to show.

    `details` is shown to the client as it is; `headers` are added to the response.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL"
    kind: ClassVar[str] = "api_error"

    def __init__(
        self,
        message: str,
        *,
        details: Any = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.param = param
        self.headers = dict(headers or {})


class BadRequest(TintypeError):
    status, code, kind = 400, "BAD_REQUEST", "invalid_request_error"


class Unauthorized(TintypeError):
    status, code, kind = 401, "UNAUTHORIZED", "authentication_error"

    def __init__(self, message: str = "A valid API key or session token is needed.") -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class InsufficientCredits(TintypeError):
    """The organization's available credits don't cover the work."""

    status, code, kind = 402, "INSUFFICIENT_CREDITS", "insufficient_credits_error"

    def __init__(self, required: int, available: int) -> None:
        super().__init__(
            "Credit balance too low for this operation.",
            details={"required": required, "available": available},
        )


class SpendCapReached(InsufficientCredits):
    """The organization could pay, but a cap of the key stands against it.

    `limit` and `used` are credits of the present UTC day or month, open holds counted.
    """

    def __init__(self, required: int, cap: str, limit: int, used: int, resets_at: str) -> None:
        available = max(0, limit - used)
        super().__init__(required, available)
        self.message = (
            f"This key may spend {limit} credits a {cap}: {used} are used or held, and this needs"
            f" {required}."
        )
        self.details |= {"cap": cap, "limit": limit, "used": used, "resets_at": resets_at}


class Forbidden(TintypeError):
    status, code, kind = 403, "FORBIDDEN", "permission_error"


class NotFound(TintypeError):
    """Also the answer for another organization's object."""

    status, code, kind = 404, "NOT_FOUND", "invalid_request_error"


class MethodNotAllowed(TintypeError):
    status, code, kind = 405, "METHOD_NOT_ALLOWED", "invalid_request_error"


class Conflict(TintypeError):
    status, code, kind = 409, "CONFLICT", "invalid_request_error"


class AliasTaken(Conflict):
    code = "ALIAS_TAKEN"


class NotReady(Conflict):
    """The work that would make it hasn't ended yet."""

    code = "NOT_READY"


class IdempotencyInProgress(Conflict):
    code, kind = "IDEMPOTENCY_IN_PROGRESS", "idempotency_error"

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is still running; try again shortly.",
            headers={"Retry-After": "1"},
        )


class PreconditionFailed(TintypeError):
    """The object is not what `If-Match` says: somebody changed it meanwhile.

    `etag` is the tag of what it is now.
    """

    status, code, kind = 412, "PRECONDITION_FAILED", "invalid_request_error"

    def __init__(self, etag: str) -> None:
        super().__init__(
            "This was changed since you read it: read it again, then send your change with its"
            " new ETag.",
            details={"etag": etag},
            param="If-Match",
            headers={"ETag": etag},
        )


class PayloadTooLarge(TintypeError):
    status, code, kind = 413, "PAYLOAD_TOO_LARGE", "invalid_request_error"


class UnsupportedMediaType(TintypeError):
    status, code, kind = 415, "UNSUPPORTED_MEDIA_TYPE", "invalid_request_error"


class ValidationFailed(TintypeError):
    """One or more fields are wrong; `details` lists each as `{field, problem}`."""

    status, code, kind = 422, "VALIDATION_FAILED", "invalid_request_error"

    def __init__(self, field: str, problem: str, *more: tuple[str, str]) -> None:
        faults = [(field, problem), *more]
        super().__init__(
            "; ".join(f"{name}: {what}" for name, what in faults),
            details=[{"field": name, "problem": what} for name, what in faults],
            param=field,
        )


class ContentRejected(TintypeError):
    """An engine's own rules refused the prompt or the picture."""

    status, code, kind = 422, "CONTENT_REJECTED", "content_policy_error"


class IdempotencyMismatch(TintypeError):
    status, code, kind = 422, "IDEMPOTENCY_MISMATCH", "idempotency_error"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used with another request. Use a new key for a new request.",
            param="Idempotency-Key",
        )


class RateLimited(TintypeError):
    status, code, kind = 429, "RATE_LIMITED", "rate_limit_error"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message, headers={"Retry-After": str(max(1, retry_after_seconds))})


class Internal(TintypeError):
    """An unforeseen fault; the client gets the request id and nothing else."""

    def __init__(self) -> None:
        super().__init__("An internal error occurred. Quote the request id when you report it.")


class ProviderError(TintypeError):
    status, code, kind = 502, "PROVIDER_ERROR", "provider_error"


class EngineUnavailable(TintypeError):
    status, code, kind = 503, "ENGINE_UNAVAILABLE", "provider_error"


class Unavailable(TintypeError):
    """The database or the storage is away for the moment; nothing was done."""

    status, code = 503, "UNAVAILABLE"

    def __init__(self, message: str = "The server can't reach its database just now.") -> None:
        super().__init__(message, headers={"Retry-After": "2"})


class ProviderTimeout(TintypeError):
    status, code, kind = 504, "PROVIDER_TIMEOUT", "provider_error"

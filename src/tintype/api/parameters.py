"""Parameters and headers in the API reference: path, query, and what requests and answers carry."""

from typing import Any, Final

from tintype.api import schemas
from tintype.api.described import Described
from tintype.core import ids

Json = dict[str, Any]
_NO_CONTENT: Final = 204

# What a path's parameter names.
KINDS: Final[dict[str, ids.Kind]] = {
    "generation_id": "gen", "flow_id": "flw", "image_id": "img", "project_id": "prj",
    "job_id": "gen", "video_id": "vid", "batch_id": "bat", "key_id": "key", "persona_id": "per",
    "model_id": "mdl", "action_id": "qa", "endpoint_id": "whe", "delivery_id": "dlv",
    "picture_id": "img",
}  # fmt: skip
_UUID: Final = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_PATH_WORDS: Final[dict[str, Json]] = {
    "alias": {
        "description": "An alias, such as `@hero`.",
        "schema": {"type": "string", "minLength": 2, "maxLength": 64},
        "example": "@hero",
    },
    "model_id": {
        "description": "A custom model's id, or one of the catalogue with its slash as it is.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
        "example": "builtin/draft",
    },
    "preference_id": {
        "description": "Scene type, location and action, as the list gives them; what a scene lacks"
        " is left empty.",
        "schema": {
            "type": "string",
            "pattern": "^[a-z0-9_]{0,64}:[a-z0-9_]{0,64}:[a-z0-9-]{1,64}$",
        },
        "example": "interior:living_room:light-exposure-lift",
    },
    "slug": {
        "description": "The last part of a published project's `public_url`.",
        "schema": {"type": "string", "pattern": "^[a-z0-9-]{1,60}$"},
    },
    "revision": {
        "description": "Which publish of the project it is, counted from 1.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 2147483647},
    },
    "name": {
        "description": "The image's id and a format: `{id}.jpg`, `.png`, `.webp`, `.avif` or"
        " `.auto`, which chooses by `Accept`.",
        "schema": {"type": "string"},
    },
}
_REQUEST_HEADERS: Final[dict[str, Json]] = {
    "Idempotency-Key": {
        "description": "Makes the request safe to repeat for 24 hours: the same key with the same"
        " request has one effect and the same answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    },
    "Prefer": {
        "description": "`wait=N` holds the answer up to N seconds (1 to 60) for the work's end.",
        "schema": {"type": "string"},
        "example": "wait=30",
    },
    "Cancel-After": {
        "description": "Cancels the work if it has not ended by then: `90s`, `5m`, `1h`; to 24 h.",
        "schema": {"type": "string", "pattern": "^[0-9]{1,6}[smh]?$"},
        "example": "90s",
    },
    "If-None-Match": {
        "description": "`*` refuses an alias that is in use (`ALIAS_TAKEN`) instead of moving it;"
        " on bytes and on single objects, the `ETag` that you have.",
        "schema": {"type": "string"},
        "example": "*",
    },
    "If-Match": {
        "description": "The `ETag` of what you read: where the object has changed since, nothing is"
        " done and the answer is `PRECONDITION_FAILED`. `*` is any.",
        "schema": {"type": "string"},
        "example": "*",
    },
    "Last-Event-ID": {
        "description": "The id of the last event seen: the stream goes on after it.",
        "schema": {"type": "string"},
    },
    "Range": {
        "description": "One range of bytes, such as `bytes=0-1023`.",
        "schema": {"type": "string"},
    },
}


def _count(description: str) -> Json:
    return {"description": description, "schema": {"type": "integer", "minimum": 0}}


ANSWER_HEADERS: Final[Json] = {
    "X-Request-Id": {
        "description": "The request's id, for support and logs.",
        "schema": {"type": "string", "pattern": ids.pattern("req")},
    },
    "X-RateLimit-Limit": _count("Requests that the plan allows in 60 seconds, if it has a limit."),
    "X-RateLimit-Remaining": _count("Requests left in the present 60 seconds."),
    "X-RateLimit-Reset": _count("When one more request fits, in epoch seconds."),
    "X-Credits-Used": _count("Credits that the work reserves or, ended, has used."),
    "X-Credits-Remaining": _count("Credits available now; never in the sandbox."),
    "Location": {"description": "Where the made object is.", "schema": {"type": "string"}},
    "ETag": {
        "description": "Names this version of the object, for `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
    },
    "Idempotent-Replayed": {
        "description": "`true` on the repeated answer of an `Idempotency-Key`.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": _count("Seconds to wait before trying again."),
    "WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}},
}
_ALWAYS: Final = ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_OF_FAULTS: Final[dict[int, tuple[str, ...]]] = {
    401: ("X-Request-Id", "WWW-Authenticate"),
    429: (*_ALWAYS, "Retry-After"),
    503: (*_ALWAYS, "Retry-After"),
}


def of(route: Described) -> list[Json]:
    """The route's parameters: path, then query, then headers."""
    found = [_path(name) for name in route.parameters]
    if route.query is not None:
        fields, required = schemas.properties(route.query)
        found += [
            {"name": name, "in": "query", "required": name in required,
             "schema": schemas.without_null(shape)}
            for name, shape in fields.items()
        ]  # fmt: skip
    return found + [
        {"name": name, "in": "header", "required": False} | _REQUEST_HEADERS[name]
        for name in route.headers
    ]


def _path(name: str) -> Json:
    described = _PATH_WORDS.get(name)
    if described is None:
        kind = KINDS[name]
        described = {
            "description": f"`{kind}_…`, or its UUID.",
            "schema": {
                "type": "string",
                "pattern": f"^({ids.pattern(kind)[1:-1]}|{_UUID})$",
            },
        }
    return {"name": name, "in": "path", "required": True} | described


def answer_headers(route: Described, status: int) -> Json:
    names = list(_ALWAYS)
    if status in {201, 202} and route.method == "post":
        names += ["Location", "X-Credits-Used", "X-Credits-Remaining"]
    if "Idempotency-Key" in route.headers:
        names.append("Idempotent-Replayed")
    if route.tagged and status != _NO_CONTENT:
        names.append("ETag")
    return _refs(names)


def fault_headers(status: int) -> Json:
    return _refs(_OF_FAULTS.get(status, _ALWAYS))


def _refs(names: tuple[str, ...] | list[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

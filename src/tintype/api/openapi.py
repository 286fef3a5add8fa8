"""The OpenAPI 3.1 document, made of what the routes declare and of nothing else."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from litestar.types import ControllerRouterHandler

from tintype import __version__
from tintype.api import parameters, schemas
from tintype.api.described import Described, described
from tintype.core.errors import TintypeError

Json = dict[str, Any]

_ABOUT: Final = """\
One studio for AI imagery: pictures from words, a library with aliases, flows, live prompt URLs.

**Two mounts, one API.** Under `/api/v1` every body is `{data, meta, error}`; under `/v1` it is the
bare resource, a list is `{object: "list", data, has_more, total, next}`, and errors read as
OpenAI's clients expect them. `/live`, `/media` and event streams send bytes on both.

**Names** are snake_case, as shown here; in bodies and queries camelCase is accepted too
(`aspectRatio` is `aspect_ratio`). The insides of your own maps (`meta`, alias maps) are never
renamed. Unknown names are refused with a suggestion.

**Ids** are `prefix_` and 26 characters; a path takes the raw UUID too.

**Lists** take `limit`, `offset` and `after` (the id of the last item seen), newest first.
"""
_SECURITY: Final[Json] = {
    "bearer": {
        "type": "http", "scheme": "bearer", "bearerFormat": "tt_live_…, tt_test_… or a JWT",
        "description": "An API key, or the token of a session, as a bearer token.",
    },
    "apiKey": {
        "type": "apiKey", "in": "header", "name": "X-API-Key",
        "description": "The same API key in a header of its own. Send one of the two.",
    },
    "session": {
        "type": "apiKey", "in": "cookie", "name": "tintype_session",
        "description": "The session's cookie. A browser's writes need `X-CSRF-Token` beside it.",
    },
}  # fmt: skip
_OK: Final = 200
_EMPTY: Final = frozenset({204, 302, 304, 416})
_NULL: Final = {"type": "null"}
_STATUS_WORDS: Final = {
    200: "Done.", 201: "Made, or at its end.", 202: "Taken on; the work is queued or running.",
    204: "Done; there is nothing to show.", 206: "The range that was asked for.",
    302: "Go on to the URL in `Location`.", 304: "What you have is still right.",
    416: "The range lies outside of the bytes.", 503: "Not ready.",
}  # fmt: skip


def document(
    routes: Sequence[ControllerRouterHandler],
    mounts: Sequence[str],
    plain: Sequence[ControllerRouterHandler],
) -> Json:
    """The whole document: `routes` under each of `mounts`, `plain` ones where they stand."""
    mounted, beside = list(described(routes)), list(described(plain))
    shapes = schemas.components([*mounted, *beside])
    faults: Json = {}
    paths: Json = {}
    for mount in mounts:
        for route in mounted:
            _add(paths, route, mount, shapes, faults)
    for route in beside:
        _add(paths, route, "", shapes, faults)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tintype", "version": __version__, "description": _ABOUT,
        },
        "tags": [{"name": name} for name in dict.fromkeys(_tag(r) for r in [*mounted, *beside])],
        "paths": paths,
        "components": {
            "schemas": shapes.components,
            "responses": faults,
            "headers": parameters.ANSWER_HEADERS,
            "securitySchemes": _SECURITY,
        },
    }  # fmt: skip


def _add(paths: Json, route: Described, mount: str, shapes: schemas.Shapes, faults: Json) -> None:
    item = paths.setdefault(mount + route.path, {})
    item[route.method] = _operation(route, mount, shapes, faults)


def _operation(route: Described, mount: str, shapes: schemas.Shapes, faults: Json) -> Json:
    enveloped = mount.startswith("/api/")
    summary, _, rest = route.text.partition("\n")
    told = [rest.strip(), *((route.query.__doc__ or "",) if route.query else ())]
    if route.scope:
        told.append(f"Scope: `{route.scope}`.")
    operation: Json = {
        "operationId": route.name + ("_bare" if mount and not enveloped else ""),
        "tags": [_tag(route)],
        "summary": summary,
        "description": "\n\n".join(" ".join(text.split()) for text in told if text.strip()),
        "parameters": parameters.of(route),
        "responses": _answers(route, shapes, enveloped=enveloped)
        | _faults(route.errors, faults, enveloped=enveloped),
        "security": _security(route),
    }
    if route.signable:
        operation["security"].append({})
    if route.body or route.form:
        operation["requestBody"] = _request_body(route, shapes)
    return operation


def _security(route: Described) -> list[Json]:
    scopes = [route.scope] if route.scope else []
    return [{name: scopes} for name in _SECURITY] if route.guarded else []


def _request_body(route: Described, shapes: schemas.Shapes) -> Json:
    """What the route reads: JSON, a form, JSONL, or either of them."""
    content: Json = {}
    if route.body is not None:
        content["application/json"] = {"schema": shapes.of(route.body)}
        if route.example is not None:
            content["application/json"]["example"] = route.example
    if route.form is not None:
        form = shapes.form(route.form, route.files, optional=route.file_optional)
        content["multipart/form-data"] = {"schema": form}
    if route.lines is not None:
        content["application/jsonl"] = {"schema": {"type": "string", "description": route.lines}}
    required = route.body is None or bool(shapes.required(route.body))
    return {"required": required, "content": content}


def _answers(route: Described, shapes: schemas.Shapes, *, enveloped: bool) -> Json:
    found: Json = {}
    for status in route.answers:
        answer: Json = {"description": _STATUS_WORDS[status], "headers": {}}
        if not route.plain:
            answer["headers"] = parameters.answer_headers(route, status)
        if status not in _EMPTY:
            content = _content(route, status, shapes, enveloped=enveloped)
            answer["content"] = {route.media_type: content}
        found[str(status)] = answer
    return found


def _content(route: Described, status: int, shapes: schemas.Shapes, *, enveloped: bool) -> Json:
    if route.result is None:
        if route.media_type == "application/json":
            return {"schema": {"type": "object"}}
        if route.media_type == "text/event-stream":
            return {"schema": schemas.STREAMED}
        return {"schema": {"type": "string"}} if route.media_type.startswith("text/") else {}
    shape = shapes.of(route.result)
    if status == _OK and route.alternative is not None:
        other = shapes.of(route.alternative)
        shape = {"anyOf": [shape, other]} if route.own_ok else other
    if enveloped:
        return {"schema": schemas.envelope(shape, paged=route.paged)}
    return {"schema": schemas.bare_list(shape) if route.paged else shape}


def _faults(errors: Iterable[type[TintypeError]], faults: Json, *, enveloped: bool) -> Json:
    """Responses by status; each set of codes is described once, among the components."""
    by_status: dict[int, list[type[TintypeError]]] = {}
    for error in sorted(errors, key=lambda error: (error.status, error.code)):
        by_status.setdefault(error.status, []).append(error)
    found: Json = {}
    for status, kinds in by_status.items():
        codes = [kind.code for kind in kinds]
        name = ("" if enveloped else "Bare.") + ".".join(codes)
        faults.setdefault(
            name,
            {
                "description": ", ".join(f"`{code}`" for code in codes),
                "headers": parameters.fault_headers(status),
                "content": {"application/json": {"schema": schemas.fault(codes, enveloped)}},
            },
        )
        found[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return found


def _tag(route: Described) -> str:
    """The noun; what is no part of the API has no errors of its tree, and is the operator's."""
    return route.path.split("/")[1] if route.errors else "operations"


def for_older_readers(document_31: Json) -> bytes:
    """The same document in OpenAPI 3.0's words, for a Swagger UI that knows no 3.1."""
    older = _without_null(document_31) | {"openapi": "3.0.3"}
    for item in older["paths"].values():
        for operation in item.values():
            operation["security"] = [{name: [] for name in way} for way in operation["security"]]
    return msgspec.json.encode(older)


def _without_null(value: Any) -> Any:
    """Deep copy with `anyOf [X, null]` as `nullable`."""
    if isinstance(value, list):
        return [_without_null(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _without_null(item) for key, item in value.items() if key != "propertyNames"}
    if "examples" in made and isinstance(made["examples"], list):
        made["example"] = made.pop("examples")[0]
    if made == _NULL:
        return {"nullable": True, "enum": [None]}
    choices = value.get("anyOf")
    if not isinstance(choices, list) or _NULL not in choices:
        return made
    rest = [_without_null(choice) for choice in choices if choice != _NULL]
    del made["anyOf"]
    made["nullable"] = True
    if len(rest) == 1 and "$ref" not in rest[0]:
        return rest[0] | made
    # Beside a $ref nothing else is read in 3.0, hence the allOf around a single one.
    return made | {"allOf" if len(rest) == 1 else "anyOf": rest}

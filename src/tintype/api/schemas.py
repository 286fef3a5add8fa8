"""JSON Schemas of the wire structs, and of the two mounts' shapes around them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tintype.api.described import Described

Json = dict[str, Any]
_TEMPLATE: Final = "#/components/schemas/{name}"
_NULL: Final[Json] = {"type": "null"}
_REQUEST_ID: Final[Json] = {"type": "string", "examples": ["req_01jq8z6p7s3x5v9k2m4n6b8c0d"]}


@dataclass(frozen=True, slots=True)
class Shapes:
    """`components` holds every struct once; `refs` leads from a type to its own."""

    components: Json
    refs: dict[Any, Json]

    def of(self, type_: Any) -> Json:
        return self.refs[type_]

    def required(self, struct: type[msgspec.Struct]) -> list[str]:
        found: list[str] = self.components[struct.__name__].get("required", [])
        return found

    def form(self, struct: type[msgspec.Struct], files: Sequence[str], *, optional: bool) -> Json:
        """The parts of a multipart body: the struct's fields, and the file under one of `files`.

        A field of the struct among them may be either, text or file.
        """
        shape: Json = self.components[struct.__name__]
        file: Json = {"type": "string", "format": "binary", "description": "The file."}
        fields: Json = {name: without_null(field) for name, field in shape["properties"].items()}
        for name in files:
            fields[name] = {"anyOf": [fields[name], file]} if name in fields else file
        required = [*(() if optional else files[:1]), *shape.get("required", [])]
        # An empty list of them is no OpenAPI 3.0.
        return shape | {"properties": fields} | ({"required": required} if required else {})


def components(routes: Sequence[Described]) -> Shapes:
    """Schemas of all bodies, forms and results.

    What is read refuses unknown fields, as the request layer does; what is sent always has all of
    its fields, defaults included.
    """
    read = {kind: None for route in routes for kind in (route.body, route.form) if kind}
    sent = {
        kind: None for route in routes for kind in (route.result, route.alternative)
        if kind not in {None, type(None)}
    }  # fmt: skip
    types = list(read | sent)
    found, made = msgspec.json.schema_components(types, ref_template=_TEMPLATE)
    refs = dict(zip(types, found, strict=True))
    strict = set(_reachable([refs[kind] for kind in read], made))
    for name, shape in made.items():
        if name in strict:
            shape["additionalProperties"] = False
            if not shape.get("required"):
                shape.pop("required", None)
        elif "properties" in shape:
            shape["required"] = list(shape["properties"])
    made |= {"Meta": _META, "PagedMeta": _PAGED_META, "Fault": _FAULT, "BareFault": _BARE_FAULT}
    return Shapes(made, refs)


def properties(struct: type[msgspec.Struct]) -> tuple[Json, list[str]]:
    """A flat struct's fields and the required ones among them."""
    shape: Json = msgspec.json.schema(struct)["$defs"][struct.__name__]
    return shape["properties"], shape.get("required", [])


def without_null(shape: Json) -> Json:
    """The schema of a value that is left out instead of null, as in a query or a form."""
    choices: list[Json] = [choice for choice in shape.get("anyOf", ()) if choice != _NULL]
    kept: Json = {key: value for key, value in shape.items() if key not in {"anyOf", "default"}}
    if shape.get("default") is not None:
        kept["default"] = shape["default"]
    if len(choices) == 1:
        return choices[0] | kept
    return kept | ({"anyOf": choices} if choices else {})


def envelope(shape: Json, *, paged: bool) -> Json:
    """/api/v1: the resource, or the list's items, under `data`."""
    meta = "PagedMeta" if paged else "Meta"
    data: Json = {"type": "array", "items": shape} if paged else shape
    return _object(data=data, meta={"$ref": _TEMPLATE.format(name=meta)}, error=_NULL)


def bare_list(shape: Json) -> Json:
    """/v1: a list in the form that OpenAI's and Stripe's clients read."""
    return _object(
        object={"type": "string", "enum": ["list"]},
        data={"type": "array", "items": shape},
        has_more={"type": "boolean"},
        total={"type": "integer", "minimum": 0},
        next=_or_null({"type": "string"}),
    )


def fault(codes: Sequence[str], enveloped: bool) -> Json:
    """A mount's error body with one of these codes."""
    ref = {"$ref": _TEMPLATE.format(name="Fault" if enveloped else "BareFault")}
    error = {"type": "object", "properties": {"code": {"enum": list(codes)}}}
    return {"allOf": [ref, {"type": "object", "properties": {"error": error}}]}


def _reachable(shapes: Iterable[Json], made: Json) -> Iterator[str]:
    """Names of the components that these schemas lead to."""
    for name in _named(shapes):
        yield name
        yield from _reachable([made[name]], made)


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        value = value.values()
    elif not isinstance(value, list):
        return
    for item in value:
        yield from _named(item)


def _object(**fields: Json) -> Json:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _or_null(shape: Json) -> Json:
    return {"anyOf": [shape, _NULL]}


# One Server-Sent Event; progress has no id, and the first frame only says when to come back.
STREAMED: Final[Json] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "Send it as `Last-Event-ID` to resume."},
        "event": {"type": "string", "description": "The event's type, or `progress`."},
        "data": {"type": "string", "description": "JSON."},
        "retry": {"type": "integer"},
    },
}
_CREDITS: Final[Json] = {
    "credits_used": {"type": "integer", "minimum": 0},
    "credits_remaining": {"type": "integer", "minimum": 0},
}
_META: Final[Json] = {
    "type": "object",
    "properties": {"request_id": _REQUEST_ID, **_CREDITS},
    "required": ["request_id"],
}
_PAGED_META: Final[Json] = {
    "type": "object",
    "properties": {
        "request_id": _REQUEST_ID,
        "pagination": _object(
            total={"type": "integer", "description": "Exact up to 10,000."},
            limit={"type": "integer"},
            offset={"type": "integer"},
            has_more={"type": "boolean"},
            next=_or_null({"type": "string", "description": "Send it as `after`."}),
        ),
    },
    "required": ["request_id", "pagination"],
}
_ERROR: Final[Json] = {
    "code": {"type": "string"},
    "message": {"type": "string"},
    "details": {"description": "What is wrong, field by field; its form depends on the code."},
}
_FAULT: Final[Json] = _object(
    data=_NULL, meta=_object(request_id=_REQUEST_ID), error=_object(**_ERROR)
)
_BARE_FAULT: Final[Json] = _object(
    error=_object(
        **_ERROR,
        type={"type": "string"},
        param=_or_null({"type": "string"}),
        request_id=_REQUEST_ID,
    )
)

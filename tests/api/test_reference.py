import re

import msgspec
from openapi_spec_validator import validate

from support.house import House
from tintype import server
from tintype.api import openapi


async def document(house: House):
    return (await house.ask("GET", "/openapi.json")).json


async def test_the_document_is_valid_openapi_in_both_words(idle_house: House) -> None:
    made = await document(idle_house)
    assert made["openapi"] == "3.1.0"
    validate(made)
    older = (await idle_house.ask("GET", "/docs/openapi.json")).json
    assert older["openapi"] == "3.0.3"
    validate(older)
    assert set(older["paths"]) == set(made["paths"])


async def test_every_route_is_described_on_both_mounts(idle_house: House) -> None:
    made = await document(idle_house)
    told = {(path, method) for path, item in made["paths"].items() for method in item}
    routed = set()
    for handler in server.ROUTES:
        for path in handler.paths:
            template = re.sub(r":\w+}", "}", path)
            for method in getattr(handler, "http_methods", None) or {"GET"}:
                routed |= {(mount + template, str(method).lower()) for mount in server.MOUNTS}
    routed |= {
        ("/media/images/{name}", "get"),
        ("/media/videos/{name}", "get"),
        ("/p/{slug}", "get"),
        ("/p/{slug}/manifest.json", "get"),
        ("/p/{slug}/{revision}/card.jpg", "get"),
        ("/p/{slug}/{revision}/images/{name}", "get"),
        ("/p/{slug}/{revision}/videos/{name}", "get"),
        ("/healthz", "get"),
        ("/readyz", "get"),
        ("/metrics", "get"),
    }
    assert told == routed


async def test_each_operation_says_what_it_needs(idle_house: House) -> None:
    made = await document(idle_house)
    names = set()
    for path, item in made["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["summary"].endswith((".", ":")) or operation["summary"], where
            assert operation["operationId"] not in names, where
            names.add(operation["operationId"])
            headers = {p["name"] for p in operation["parameters"] if p["in"] == "header"}
            # Signing in has no caller yet whose keys these could be.
            signing_in = operation["operationId"].removesuffix("_bare") == "sign_in"
            unsafe = method in {"post", "put", "patch", "delete"} and not signing_in
            assert ("Idempotency-Key" in headers) == unsafe, where
            asked = set(re.findall(r"{(\w+)}", path))
            assert asked == {p["name"] for p in operation["parameters"] if p["in"] == "path"}, where
            if path.startswith(("/api/v1/", "/v1/")):
                ways = {name for way in operation["security"] for name in way}
                assert ways == (set() if signing_in else {"bearer", "apiKey", "session"}), where
                assert {"401", "429"} <= set(operation["responses"]), where
                assert signing_in or "403" in operation["responses"], where
    created = made["paths"]["/v1/generations"]["post"]
    assert {"Prefer", "Cancel-After"} <= {p["name"] for p in created["parameters"]}
    assert created["security"][0] == {"bearer": ["images:write"]}
    assert set(created["responses"]) == {
        "200", "201", "202", "400", "401", "402", "403", "409", "413", "415", "422", "429", "500", "503",
    }  # fmt: skip


async def test_bodies_are_closed_and_answers_whole(idle_house: House) -> None:
    """What is read takes no unknown field; what is sent has all of its fields."""
    shapes = (await document(idle_house))["components"]["schemas"]
    assert shapes["CreateGeneration"]["additionalProperties"] is False
    assert shapes["FocalPoint"]["additionalProperties"] is False
    assert shapes["CreateGeneration"]["required"] == ["prompt"]
    assert shapes["CreateGeneration"]["properties"]["variants"]["maximum"] == 8
    assert set(shapes["Generation"]["required"]) == set(shapes["Generation"]["properties"])


async def test_forms_say_in_which_parts_their_file_may_come(idle_house: House) -> None:
    paths = (await document(idle_house))["paths"]

    def contents(path: str):
        return paths[f"/api/v1{path}"]["post"]["requestBody"]["content"]

    def form(path: str):
        return contents(path)["multipart/form-data"]["schema"]

    film, sketch = form("/generate/video"), form("/sketch-to-photo")
    assert {"application/json", "multipart/form-data"} == set(contents("/generate/video"))
    assert "required" not in film
    assert film["properties"]["file"]["format"] == "binary"
    assert [it["type"] for it in film["properties"]["image"]["anyOf"]] == ["string", "string"]
    assert film["properties"]["duration_seconds"]["type"] == "number"
    assert {"image", "sketch", "file"} <= set(sketch["properties"])
    assert sketch["required"] == ["prompt"]
    bulk = contents("/generate/bulk")
    assert set(bulk) == {"application/json", "application/jsonl", "multipart/form-data"}
    assert form("/generate/bulk")["required"] == ["file"]
    assert "defaults" in form("/generate/bulk")["properties"]
    assert "items" not in form("/generate/bulk")["properties"]
    assert form("/models")["required"][0] == form("/images/upload")["required"][0] == "file"


async def test_the_mounts_differ_in_shape_only(idle_house: House) -> None:
    made = await document(idle_house)

    def shape(path: str):
        content = made["paths"][path]["get"]["responses"]["200"]["content"]
        return content["application/json"]["schema"]

    assert set(shape("/api/v1/flows")["properties"]) == {"data", "meta", "error"}
    assert set(shape("/v1/flows")["properties"]) == {"object", "data", "has_more", "total", "next"}
    assert shape("/v1/flows/{flow_id}") == {"$ref": "#/components/schemas/Flow"}


async def test_the_document_is_asked_about_again_but_not_sent_again(idle_house: House) -> None:
    first = await idle_house.ask("GET", "/openapi.json")
    again = await idle_house.ask(
        "GET", "/openapi.json", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status, again.body) == (304, b"")


async def test_the_pages_come_from_this_server_alone(idle_house: House) -> None:
    home = await idle_house.ask("GET", "/")
    assert (home.status, home.headers["Location"]) == (302, "/docs")
    page = await idle_house.ask("GET", "/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    links = re.findall(r'(?:href|src)="([^"]+)"', page.body.decode())
    assert len(links) == 4
    for link in links:
        assert link.startswith("/docs/")
        got = await idle_house.ask("GET", link)
        assert got.status == 200, link
        if "/static/" in link:
            assert got.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    start = (await idle_house.ask("GET", "/docs/start.js")).body.decode()
    assert "validatorUrl: null" in start
    assert re.findall(r'url: "([^"]+)"', start) == ["/docs/openapi.json"]


async def test_only_known_files_are_served(idle_house: House) -> None:
    for path in ("/docs/static/x/swagger-ui.css", "/docs/static/../../etc/passwd",
                 "/docs/static/swagger-ui-4.15.5/index.html", "/docs/nothing"):  # fmt: skip
        reply = await idle_house.ask("GET", path)
        assert (reply.status, reply.error["code"]) == (404, "NOT_FOUND"), path


def test_null_is_said_in_the_older_words() -> None:
    value = {"openapi": "3.1.0", "info": {"license": {"identifier": "x"}}, "paths": {}, "schemas": [
        {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
        {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
        {"type": "null"}, {"type": "string", "examples": ["a", "b"]},
    ]}  # fmt: skip
    older = msgspec.json.decode(openapi.for_older_readers(value))
    assert older["schemas"] == [
        {"type": "string", "nullable": True, "default": None},
        {"allOf": [{"$ref": "#/x"}], "nullable": True},
        {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        {"nullable": True, "enum": [None]}, {"type": "string", "example": "a"},
    ]  # fmt: skip
    assert value["openapi"] == "3.1.0"

"""/openapi.json and /docs: the reference of this very server, made once when it starts.

The pages come from the installed package `swagger-ui-bundle` and from nowhere else: the content
security policy keeps the browser from asking any other host.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from swagger_ui_bundle import swagger_ui_path

from tintype.api import health
from tintype.api.openapi import document, for_older_readers
from tintype.api.parts import AnyRequest
from tintype.api.preconditions import etag_matches
from tintype.core.errors import NotFound

_JSON: Final = "application/json"
_STATIC: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
# The folder's name carries the version, so what was once fetched stays right.
_VERSION: Final[str] = swagger_ui_path.name
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE: Final = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tintype API</title>
<link rel="icon" href="/docs/static/{_VERSION}/favicon-32x32.png">
<link rel="stylesheet" href="/docs/static/{_VERSION}/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="/docs/static/{_VERSION}/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """\
SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
"""


def reference_routes(
    routes: Sequence[ControllerRouterHandler],
    mounts: Sequence[str],
    plain: Sequence[ControllerRouterHandler] = (),
) -> list[ControllerRouterHandler]:
    """Routes that show `routes` under each of `mounts`, and `plain` ones and health beside them."""
    made = document(routes, mounts, [*plain, *health.ROUTES])
    full, older = msgspec.json.encode(made), for_older_readers(made)

    @get("/openapi.json", opt={"plain": True}, sync_to_thread=False)
    def openapi(request: AnyRequest) -> Response[bytes]:
        """The OpenAPI 3.1 document of this server."""
        return _checked(request, full, _JSON)

    @get("/docs/openapi.json", opt={"plain": True}, sync_to_thread=False)
    def openapi_for_docs(request: AnyRequest) -> Response[bytes]:
        """The same in OpenAPI 3.0, which is what the pages under /docs can read."""
        return _checked(request, older, _JSON)

    return [openapi, openapi_for_docs, docs, start_script, static_file, root]


@get("/docs", opt={"plain": True}, sync_to_thread=False)
def docs() -> Response[bytes]:
    """The reference as pages to read and to try requests on."""
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return Response(_PAGE.encode(), media_type="text/html", headers=headers)


@get("/docs/start.js", opt={"plain": True}, sync_to_thread=False)
def start_script(request: AnyRequest) -> Response[bytes]:
    """What starts the pages; a file of its own, so that no inline script is allowed."""
    return _checked(request, _START.encode(), "text/javascript")


@get("/docs/static/{version:str}/{name:str}", opt={"plain": True}, sync_to_thread=True)
def static_file(version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A file of Swagger UI, kept by browsers for a year."""
    if version != _VERSION or name not in _STATIC:
        raise NotFound("There is nothing at this path.")
    return Response(
        (swagger_ui_path / name).read_bytes(),
        media_type=_STATIC[name],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@get("/", opt={"plain": True}, sync_to_thread=False)
def root() -> Redirect:
    """To the reference."""
    return Redirect("/docs")


def _checked(request: AnyRequest, body: bytes, media_type: str) -> Response[bytes]:
    """Bytes that a browser keeps but asks about each time."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag_matches(request.headers.get("if-none-match", ""), etag):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, media_type=media_type, headers=headers)

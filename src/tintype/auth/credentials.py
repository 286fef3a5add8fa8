"""What a request shows to say who asks: one secret in a header."""

from litestar.datastructures import Headers

from tintype.core.errors import BadRequest, Unauthorized


def credential(headers: Headers) -> str | None:
    """The one secret that `Authorization: Bearer` and `X-API-Key` carry; two are a BadRequest."""
    found = set()
    authorizations = headers.getall("authorization", [])
    api_keys = headers.getall("x-api-key", [])
    if len(authorizations) > 1 or len(api_keys) > 1:
        raise BadRequest("Send one credential: a header is given twice.")
    if authorizations:
        kind, _, secret = authorizations[0].partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise Unauthorized
        found.add(secret.strip())
    if api_keys:
        found.add(api_keys[0].strip())
    if len(found) > 1:
        raise BadRequest("Authorization and X-API-Key carry different keys; send one.")
    return found.pop() if found else None

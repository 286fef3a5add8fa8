"""What tests of fetching have in common: the network that plays the outside, servers' answers."""

from ipaddress import ip_network

import pytest
from aiohttp import web

from tintype.fetch import FetchFailed

OUTSIDE = [ip_network("127.0.0.2/32")]


def answering(body=b"picture", status=200, **headers):
    """What answers each request alike."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_):
        return web.Response(body=body, status=status, headers=names)

    return answer


def redirecting(*targets, status=302):
    """The first request goes to the first target, and so on; then a picture."""
    left = list(targets)

    async def answer(_):
        if left:
            return web.Response(status=status, headers={"Location": left.pop(0)})
        return web.Response(body=b"picture")

    return answer


async def refused(fetcher, url, fault, **limits):
    """The fault of a GET that comes to nothing; it never tells which address a name has."""
    with pytest.raises(FetchFailed) as caught:
        await fetcher.get(url, **{"bytes_max": 1024 * 1024, "field": "image_url", **limits})
    assert caught.value.fault == fault, caught.value.reason
    assert caught.value.reason.startswith("image_url: ")
    assert "127.0.0" not in caught.value.reason
    return caught.value

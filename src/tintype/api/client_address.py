"""From which address a request comes: the peer's, or what a trusted proxy says of it.

`X-Forwarded-For` is anybody's to write. It is read from its right end, where our own proxies
append, and only as far as the addresses are theirs.
"""

import functools
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from litestar.datastructures import Headers


@functools.lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def client_address(peer: str, headers: Headers, trusted_proxies: Sequence[str]) -> str:
    """`trusted_proxies` are addresses or CIDRs; without them the peer is the client."""
    networks = _networks(tuple(trusted_proxies))
    found = peer
    forwarded = ",".join(headers.getall("x-forwarded-for", [])) if networks else ""
    for text in reversed([_bare(part) for part in forwarded.split(",") if part.strip()]):
        if not _is_in(found, networks) or not _is_address(text):
            break
        found = text
    return found


def _bare(part: str) -> str:
    """Without the port that some proxies write: `ip:port`, `[v6]:port`."""
    text = part.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, _, port = text.partition(":")
    return host if port.isdecimal() and "." in host else text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(text: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)

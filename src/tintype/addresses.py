"""Which addresses and URLs our server may be sent to by a stranger.

Two judgements, because a name can't be judged without asking for its addresses: `check_url` reads
the URL when the request comes in, without a network, and `may_dial` judges each address again at
the moment it is dialled (`dialling.py`). What the first lets through by mistake the second stops.

An IPv6 address can carry an IPv4 one inside (mapped, 6to4, Teredo, NAT64, ISATAP), and Python's
`is_global` differs between versions, so what is open is named here and pinned by tests:
https://www.iana.org/assignments/iana-ipv6-special-registry and its IPv4 twin.
"""

import re
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from urllib.parse import quote, urlsplit

import idna

from tintype.core.errors import ValidationFailed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

URL_CHARACTERS_MAX = 4096

_GLOBAL_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
# Protocol assignments and the withdrawn 6to4 relays: partly "global" to some Python versions.
_SPECIAL_V4 = tuple(IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24"))
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
# An ISATAP interface id is 00-00-5E-FE before the IPv4 address, with two flag bits left free.
_ISATAP_MASK, _ISATAP = 0xFCFF_FFFF, 0x0000_5EFE

_NAME_CHARACTERS_MAX = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NO_HOST = "isn't a URL with a valid host and port"
_URL_SAFE = "%/:?[]@!$&'()*+,;=~-._"


def may_dial(address: Address, allow_networks: Sequence[Network]) -> bool:
    """True for a public address and for one inside `allow_networks`, false for all others."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        address = address.ipv4_mapped or address
    return any(address in network for network in allow_networks) or _is_public(address)


def is_inside(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the address is one of those that `fetch.allow_networks` opened."""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return any(address in network for network in networks)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        special = any(address in network for network in _SPECIAL_V4)
        return address.is_global and not address.is_multicast and not special
    if address not in _GLOBAL_V6 or any(address in network for network in _SPECIAL_V6):
        return False
    return (int(address) >> 32) & _ISATAP_MASK != _ISATAP


def check_url(
    url: str,
    field: str,
    *,
    allow_networks: Sequence[Network] = (),
    schemes: Sequence[str] = ("http", "https"),
) -> str:
    """The URL in the one form that `Fetcher` sends; touches no network.

    Raises `ValidationFailed` on `field` for other schemes, a user or password, a port out of
    range, blanks and control characters, an address that may not be dialled, and every spelling
    of an address that only some parsers read (`127.1`, `0x7f.1`, full-width digits). The path
    and query keep their bytes, as signed URLs need; the fragment is dropped.
    """
    if len(url) > URL_CHARACTERS_MAX:
        raise ValidationFailed(field, f"a URL has at most {URL_CHARACTERS_MAX} characters")
    if any(char in "\\ " or not char.isprintable() for char in url):
        raise ValidationFailed(field, "a URL has no blanks, backslashes or control characters")
    scheme, separator, _ = url.partition("://")
    if not separator or scheme.lower() not in schemes:
        raise ValidationFailed(field, f"must start with {' or '.join(f'{s}://' for s in schemes)}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as fault:
        raise ValidationFailed(field, _NO_HOST) from fault
    if "@" in parts.netloc:
        raise ValidationFailed(field, "a URL here carries no user or password")
    if not host or port == 0 or ("[" in parts.netloc and ":" not in host):
        raise ValidationFailed(field, _NO_HOST)
    netloc = _checked_host(host, field, allow_networks) + (f":{port}" if port else "")
    query = f"?{quote(parts.query, safe=_URL_SAFE)}" if parts.query else ""
    checked = f"{scheme.lower()}://{netloc}{quote(parts.path, safe=_URL_SAFE) or '/'}{query}"
    # As it will be judged again when it is fetched: percent-encoding makes it longer.
    if len(checked) > URL_CHARACTERS_MAX:
        raise ValidationFailed(
            field, f"a URL has at most {URL_CHARACTERS_MAX} characters, percent-encoded"
        )
    return checked


def _checked_host(host: str, field: str, allow_networks: Sequence[Network]) -> str:
    """The host as it goes on the wire: lower case, names in IDNA, IPv6 in brackets."""
    if ":" in host:
        return f"[{_checked_address(host, field, allow_networks)}]"
    try:
        plain = host if host.isascii() else _idna(host)
    except idna.IDNAError as fault:
        raise ValidationFailed(field, _NO_HOST) from fault
    name = plain.removesuffix(".")
    labels = name.split(".")
    if len(name) > _NAME_CHARACTERS_MAX or not all(map(_LABEL.fullmatch, labels)):
        raise ValidationFailed(field, _NO_HOST)
    if _NUMBER.fullmatch(labels[-1]):
        # No top-level domain is a number: every resolver would read this as an IPv4 address.
        return _checked_address(host, field, allow_networks)
    is_this_machine = name == "localhost" or name.endswith(".localhost")
    if is_this_machine and not any(map(_opens_loopback, allow_networks)):
        raise ValidationFailed(field, "names this machine, not a public address")
    return name


def _idna(host: str) -> str:
    return idna.encode(host, uts46=True, std3_rules=True).decode("ascii")


def _checked_address(text: str, field: str, allow_networks: Sequence[Network]) -> str:
    try:
        address = ip_address(text)
    except ValueError as fault:
        raise ValidationFailed(field, "write an IP address in its plain form") from fault
    if not may_dial(address, allow_networks):
        raise ValidationFailed(field, "the address isn't a public one")
    return str(address)


def _opens_loopback(network: Network) -> bool:
    return any(
        network.version == loopback.version and network.overlaps(loopback) for loopback in _LOOPBACK
    )

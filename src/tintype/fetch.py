"""The one door to HTTP outside: `GET` a URL that a stranger gave us, or an engine's answer.

Such a URL may aim at our own network. `check_url` (`addresses.py`) refuses what can be seen in
the URL; here the address that is really dialled is judged, on every hop, so a name that changes
its address in between gains nothing:

1. the resolver's addresses must all be allowed, or none is dialled;
2. the socket is made for exactly one of them, judged once more (a literal in the URL goes past
   the resolver); the certificate and `Host` still go by the name.

Redirects are followed by hand, each through both judgements. There is no proxy, no cookie, no
kept connection and no credential, and everything is bounded: redirects, bytes after decoding,
and seconds for the whole, however slowly the other side drips.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from tintype import __version__
from tintype.addresses import Network, check_url, may_dial
from tintype.core.errors import ValidationFailed

REDIRECTS_MAX = 3
CONNECT_SECONDS_MAX = 5.0
CHUNK_BYTES = 64 * 1024
RESOLVER_THREADS = 32

# A host name to the addresses it has now, as text; raises OSError when there are none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]

FetchFault = Literal[
    "refused",
    "too_many_redirects",
    "could_not_connect",
    "timed_out",
    "bad_status",
    "bad_answer",
    "too_large",
]
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class FetchFailed(Exception):
    """The fetch came to nothing. `reason` names the field and is safe to show to a client.

    It never tells which address a name has: that would map our network for a stranger.
    `retryable` says whether the same request could go better a little later.
    """

    def __init__(self, fault: FetchFault, reason: str, *, retryable: bool = False) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Fetched:
    """`media_type_claimed` is what the server says, lower case, or None: judge by the bytes."""

    data: bytes
    media_type_claimed: str | None
    final_url: str


class Fetcher:
    """One per process, used as `async with Fetcher(networks) as fetcher`.

    `allow_networks` opens exactly these private networks. `resolve` takes the place of the
    system's resolver, `tls` of the system's trust store.
    """

    def __init__(
        self,
        allow_networks: Sequence[Network] = (),
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.allow_networks = tuple(allow_networks)
        # Own threads: a name server that never answers must not hold up file work.
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")
        self._resolve = resolve or self._ask_system
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        assert self._session is None, "a Fetcher is entered once"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_JudgingResolver(self._resolve, self.allow_networks),
                socket_factory=self._open_socket,
                ssl=self._tls or True,
                use_dns_cache=False,
                force_close=True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX),
            headers={"User-Agent": f"Tintype/{__version__}", "Accept-Encoding": "gzip, deflate"},
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def get(
        self,
        url: str,
        *,
        bytes_max: int,
        seconds_max: float = 15.0,
        field: str = "image_url",
    ) -> Fetched:
        """The body of a 200, at most `bytes_max` after decoding, within `seconds_max` in all.

        Raises `FetchFailed` only; its reason begins with `field`.
        """
        try:
            async with asyncio.timeout(seconds_max):
                return await self._follow(url, bytes_max, field)
        except TimeoutError as slow:
            reason = f"{field}: no complete answer within {seconds_max:g} seconds"
            raise FetchFailed("timed_out", reason, retryable=True) from slow

    async def _follow(self, url: str, bytes_max: int, field: str) -> Fetched:
        assert self._session is not None, "a Fetcher is entered before it is used"
        for _ in range(REDIRECTS_MAX + 1):
            try:
                url = check_url(url, field, allow_networks=self.allow_networks)
            except ValidationFailed as refused:
                raise FetchFailed("refused", refused.message) from refused
            try:
                async with self._session.get(
                    URL(url, encoded=True), allow_redirects=False
                ) as answer:
                    if answer.status not in _REDIRECT_STATUSES:
                        return await _read(answer, url, bytes_max, field)
                    location = answer.headers.get("Location", "")
            except _RefusedAddressError as refused:
                reason = f"{field}: the host has an address that isn't a public one"
                raise FetchFailed("refused", reason) from refused
            except (aiohttp.ClientError, OSError) as broken:
                raise _translated(broken, field) from broken
            url = _redirected(url, location, field)
        reason = f"{field}: more than {REDIRECTS_MAX} redirects"
        raise FetchFailed("too_many_redirects", reason)

    async def _ask_system(self, host: str) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        infos = await loop.run_in_executor(self._threads, _look_up, host)
        return [str(info[4][0]) for info in infos]

    def _open_socket(self, info: Any) -> socket.socket:
        family, kind, protocol, _, target = info
        if not may_dial(ip_address(target[0]), self.allow_networks):
            raise _RefusedAddressError
        return socket.socket(family=family, type=kind, proto=protocol)


class _RefusedAddressError(Exception):
    """No OSError, so that neither aiohttp nor its address race takes it for a failed dial."""


class _JudgingResolver(AbstractResolver):
    """Gives aiohttp a name's addresses, once all of them have been judged."""

    def __init__(self, resolve: Resolve, allow_networks: Sequence[Network]) -> None:
        self._resolve = resolve
        self._allow_networks = allow_networks

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  All are judged.
    ) -> list[ResolveResult]:
        addresses = dict.fromkeys(ip_address(text) for text in await self._resolve(host))
        if not all(may_dial(address, self._allow_networks) for address in addresses):
            raise _RefusedAddressError
        if not addresses:
            raise OSError(f"{host} has no address")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,  # noqa: PLR2004
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Holds nothing."""


def _look_up(host: str) -> list[Any]:
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)


def _redirected(url: str, location: str, field: str) -> str:
    if location:
        with suppress(ValueError):
            return urljoin(url, location)
    raise FetchFailed("bad_answer", f"{field}: a redirect that leads nowhere")


async def _read(answer: aiohttp.ClientResponse, url: str, bytes_max: int, field: str) -> Fetched:
    if answer.status != 200:  # noqa: PLR2004
        reason = f"{field}: the server answered {answer.status}, not 200"
        raise FetchFailed("bad_status", reason, retryable=answer.status in _RETRYABLE_STATUSES)
    too_large = FetchFailed("too_large", f"{field}: larger than {bytes_max} bytes")
    if (answer.content_length or 0) > bytes_max:
        raise too_large
    data = bytearray()
    async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
        data += chunk
        if len(data) > bytes_max:
            raise too_large
    claimed = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Fetched(bytes(data), claimed or None, url)


def _translated(broken: aiohttp.ClientError | OSError, field: str) -> FetchFailed:
    match broken:
        case aiohttp.ClientConnectorCertificateError():
            reason = f"{field}: the server's certificate isn't valid for this name"
            return FetchFailed("could_not_connect", reason)
        case aiohttp.ClientConnectorDNSError():
            unknown = broken.os_error.errno == socket.EAI_NONAME
            reason = f"{field}: the host's address could not be found"
            return FetchFailed("could_not_connect", reason, retryable=not unknown)
        case aiohttp.ClientConnectionError() | OSError():
            reason = f"{field}: could not connect to the server, or it hung up"
            return FetchFailed("could_not_connect", reason, retryable=True)
        case aiohttp.ClientPayloadError():
            reason = f"{field}: the server's answer broke off or is damaged"
            return FetchFailed("bad_answer", reason, retryable=True)
        case _:
            return FetchFailed("bad_answer", f"{field}: the server's answer isn't valid HTTP")

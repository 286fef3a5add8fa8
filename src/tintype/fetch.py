"""The one door to HTTP outside: `GET` a URL that a stranger gave us, `POST` to one, for webhooks.

Such a URL may aim at our own network. `check_url` (`addresses.py`) refuses what can be seen in
the URL; the address that is really dialled is judged in `dialling.py`, on every hop.

Redirects of a `GET` are followed by hand, each through both judgements; a `POST` follows none.
There is no proxy, no cookie and no credential, and everything is bounded: redirects, bytes after
decoding, and seconds for the whole, however slowly the other side drips.

A `GET` keeps no connection. A `POST` does, for a few seconds: a kept socket leads to the address
that was judged when it was dialled, whatever the name says by now, so keeping it opens nothing, and
thousands of small posts would else be thousands of handshakes. Where plain `http` is used, only
`allow_networks` may be dialled: a signed body crosses no public network in the clear.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from tintype import __version__
from tintype.addresses import Address, Network, check_url, is_inside, may_dial
from tintype.core.errors import ValidationFailed
from tintype.dialling import (
    Judge,
    JudgingResolver,
    Names,
    RefusedAddressError,
    Resolve,
    guarded_socket,
)

REDIRECTS_MAX = 3
CONNECT_SECONDS_MAX = 5.0
CHUNK_BYTES = 64 * 1024
# Shorter than what common servers keep: Node 5 s, Apache 5 s, nginx 75 s.
KEPT_SECONDS = 3.0
ANSWER_BYTES_MAX = 64 * 1024
HEAD_BYTES = 2048

T = TypeVar("T")

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


@dataclass(frozen=True, slots=True)
class Posted:
    """An answer to a `POST`, whatever its status; `head` is its body's first 2 kB as they came."""

    status: int
    milliseconds: int
    head: bytes
    retry_after: str | None


class Fetcher:
    """One per process, used as `async with Fetcher(networks) as fetcher`.

    `allow_networks` opens exactly these private networks. `name_servers` (`address:port`) are asked
    instead of the system's; `resolve` takes the place of all asking, `tls` of the system's trust
    store.
    """

    def __init__(
        self,
        allow_networks: Sequence[Network] = (),
        *,
        name_servers: Sequence[str] | None = None,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.allow_networks = tuple(allow_networks)
        self._names = Names(name_servers)
        self._resolve = resolve or self._names.addresses_of
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._posting: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        assert self._session is None, "a Fetcher is entered once"
        self._names.open()
        self._session = self._opened(self._may_dial, force_close=True)
        self._posting = {
            "https": self._opened(self._may_dial, force_close=False),
            "http": self._opened(self._is_allowed, force_close=False),
        }
        return self

    def _opened(self, judge: Judge, *, force_close: bool) -> aiohttp.ClientSession:
        kept: dict[str, Any] = {"force_close": True}
        if not force_close:
            # No bound over all hosts: those that hang would take the places of the others.
            kept = {"keepalive_timeout": KEPT_SECONDS, "limit": 0}
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=JudgingResolver(self._resolve, judge),
                socket_factory=guarded_socket(judge),
                ssl=self._tls or True,
                use_dns_cache=False,
                **kept,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX),
            headers={
                "User-Agent": f"Tintype/{__version__}",
                "Accept-Encoding": "gzip, deflate" if force_close else "identity",
            },
            # A body that is only kept for a look needs no decoding: no bomb goes off.
            auto_decompress=force_close,
            trust_env=False,
        )

    def _may_dial(self, address: Address) -> bool:
        return may_dial(address, self.allow_networks)

    def _is_allowed(self, address: Address) -> bool:
        return is_inside(address, self.allow_networks)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
        for session in self._posting.values():
            await session.close()
        await self._names.close()

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

        async def read(answer: aiohttp.ClientResponse, final: str) -> Fetched:
            data = b"".join([piece async for piece in _pieces(answer, bytes_max, field)])
            claimed = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            return Fetched(data, claimed or None, final)

        return await self._followed(url, read, seconds_max, field)

    async def take(
        self,
        url: str,
        take: Callable[[AsyncIterator[bytes]], Awaitable[T]],
        *,
        bytes_max: int,
        seconds_max: float,
        field: str,
    ) -> T:
        """As `get`, for a body too large for memory: what `take` makes of it as it comes.

        Raises FetchFailed, and what `take` raises.
        """

        async def read(answer: aiohttp.ClientResponse, _: str) -> T:
            return await take(_pieces(answer, bytes_max, field))

        return await self._followed(url, read, seconds_max, field)

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        seconds_max: float = 15.0,
        bytes_max: int = ANSWER_BYTES_MAX,
        field: str = "url",
    ) -> Posted:
        """Send `body` as it stands; any status is an answer, a redirect too.

        Raises `FetchFailed` only: also when the answer is longer than `bytes_max`, or is not all
        there within `seconds_max`.
        """
        assert self._posting, "a Fetcher is entered before it is used"
        try:
            url = check_url(url, field, allow_networks=self.allow_networks)
        except ValidationFailed as refused:
            raise FetchFailed("refused", refused.message) from refused
        began = time.monotonic()
        try:
            async with (
                asyncio.timeout(seconds_max),
                self._posting[url.partition(":")[0]].post(
                    URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                head = await _head(answer, bytes_max, field)
        except TimeoutError as slow:
            reason = f"{field}: no complete answer within {seconds_max:g} seconds"
            raise FetchFailed("timed_out", reason, retryable=True) from slow
        except RefusedAddressError as refused:
            reason = f"{field}: the host has an address that isn't a public one"
            raise FetchFailed("refused", reason) from refused
        except (aiohttp.ClientError, OSError) as broken:
            raise _translated(broken, field) from broken
        milliseconds = round((time.monotonic() - began) * 1000)
        return Posted(answer.status, milliseconds, head, answer.headers.get("Retry-After"))

    async def _followed(
        self,
        url: str,
        read: Callable[[aiohttp.ClientResponse, str], Awaitable[T]],
        seconds_max: float,
        field: str,
    ) -> T:
        try:
            async with asyncio.timeout(seconds_max):
                return await self._follow(url, read, field)
        except TimeoutError as slow:
            reason = f"{field}: no complete answer within {seconds_max:g} seconds"
            raise FetchFailed("timed_out", reason, retryable=True) from slow

    async def _follow(
        self,
        url: str,
        read: Callable[[aiohttp.ClientResponse, str], Awaitable[T]],
        field: str,
    ) -> T:
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
                        return await read(answer, url)
                    location = answer.headers.get("Location", "")
            except RefusedAddressError as refused:
                reason = f"{field}: the host has an address that isn't a public one"
                raise FetchFailed("refused", reason) from refused
            except (aiohttp.ClientError, OSError) as broken:
                raise _translated(broken, field) from broken
            url = _redirected(url, location, field)
        reason = f"{field}: more than {REDIRECTS_MAX} redirects"
        raise FetchFailed("too_many_redirects", reason)


def _redirected(url: str, location: str, field: str) -> str:
    if location:
        with suppress(ValueError):
            return urljoin(url, location)
    raise FetchFailed("bad_answer", f"{field}: a redirect that leads nowhere")


async def _pieces(
    answer: aiohttp.ClientResponse, bytes_max: int, field: str
) -> AsyncIterator[bytes]:
    """The body of a 200 as it comes, decoded."""
    if answer.status != 200:  # noqa: PLR2004
        reason = f"{field}: the server answered {answer.status}, not 200"
        raise FetchFailed("bad_status", reason, retryable=answer.status in _RETRYABLE_STATUSES)
    too_large = FetchFailed("too_large", f"{field}: larger than {bytes_max} bytes")
    if (answer.content_length or 0) > bytes_max:
        raise too_large
    length = 0
    async for piece in answer.content.iter_chunked(CHUNK_BYTES):
        length += len(piece)
        if length > bytes_max:
            raise too_large
        yield piece


async def _head(answer: aiohttp.ClientResponse, bytes_max: int, field: str) -> bytes:
    """The body's first bytes; all of it is read, so that the connection can be kept."""
    head = bytearray()
    length = 0
    async for chunk in answer.content.iter_any():
        length += len(chunk)
        if length > bytes_max:
            answer.close()
            raise FetchFailed("too_large", f"{field}: the answer is larger than {bytes_max} bytes")
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
    return bytes(head)


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

"""The address that is really dialled for a name, judged on every hop.

A name that changes its address between two looks gains nothing:

1. the resolver's addresses must all be allowed, or none is dialled;
2. the socket is made for exactly one of them, judged once more (a literal in the URL goes past
   the resolver); the certificate and `Host` still go by the name.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Any, Final

import aiodns
from aiohttp.abc import AbstractResolver, ResolveResult

from tintype.addresses import Address

LOOKUP_SECONDS_MAX: Final = 5.0
# c-ares asks again after what the name server usually takes, then twice that, and so on: often
# enough that `LOOKUP_SECONDS_MAX` is what ends it.
_ASKED_TIMES: Final = 8
# There is no such name, or no address under it.
_NO_SUCH_NAME: Final = frozenset({aiodns.error.ARES_ENOTFOUND, aiodns.error.ARES_ENODATA})

# Whether an address may be dialled.
Judge = Callable[[Address], bool]
# A host name to the addresses it has now, as text; raises OSError when there are none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]


class Names:
    """The names of hosts, by the hosts file and `name_servers` (None: the system's)."""

    def __init__(self, name_servers: Sequence[str] | None) -> None:
        self._name_servers = name_servers
        self._names: aiodns.DNSResolver | None = None

    def open(self) -> None:
        """Within a running loop. No thread waits: slow names, however many, hold nobody else up."""
        self._names = aiodns.DNSResolver(self._name_servers, tries=_ASKED_TIMES)

    async def close(self) -> None:
        if self._names is not None:
            await self._names.close()

    async def addresses_of(self, host: str) -> Sequence[str]:
        """All of them, within `LOOKUP_SECONDS_MAX`; raises OSError."""
        assert self._names is not None, "names are opened before they are looked up"
        if host == "localhost" or host.endswith(".localhost"):
            # c-ares would add `::1` whatever the hosts file says, which may not be dialled.
            loop = asyncio.get_running_loop()
            infos = await loop.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
            return [str(info[4][0]) for info in infos]
        try:
            async with asyncio.timeout(LOOKUP_SECONDS_MAX):
                found = await self._names.getaddrinfo(host, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as fault:
            unknown = fault.args[0] in _NO_SUCH_NAME
            number = socket.EAI_NONAME if unknown else socket.EAI_AGAIN
            raise socket.gaierror(number, f"{host} was not found") from fault
        except TimeoutError as slow:
            raise socket.gaierror(socket.EAI_AGAIN, f"{host} was not found in time") from slow
        return [node.addr[0].decode() for node in found.nodes]


class RefusedAddressError(Exception):
    """No OSError, so that neither aiohttp nor its address race takes it for a failed dial."""


class JudgingResolver(AbstractResolver):
    """Gives aiohttp a name's addresses, once all of them have been judged."""

    def __init__(self, resolve: Resolve, judge: Judge) -> None:
        self._resolve = resolve
        self._judge = judge

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  All are judged.
    ) -> list[ResolveResult]:
        addresses = dict.fromkeys(ip_address(text) for text in await self._resolve(host))
        if not all(map(self._judge, addresses)):
            raise RefusedAddressError
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


def guarded_socket(judge: Judge) -> Callable[[Any], socket.socket]:
    """What makes a socket for one address, judged once more."""

    def opened(info: Any) -> socket.socket:
        family, kind, protocol, _, target = info
        if not judge(ip_address(target[0])):
            raise RefusedAddressError
        return socket.socket(family=family, type=kind, proto=protocol)

    return opened

"""A port, claimed before anything is started and held while the house stands.

The web server's processes share their port (SO_REUSEPORT), so a second server on it would start
without a word and get every other request. A socket that is bound exclusively, made shareable
afterwards and never listens keeps every stranger out and lets our own processes in.
"""

import contextlib
import errno
import socket
import sys
import time
from collections.abc import Iterator
from typing import Final

from tintype.core.settings import SettingsError

# As long as the web server of a killed house may take to end by itself.
_WAIT_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.1


class PortTaken(Exception):
    """Another program listens there."""


@contextlib.contextmanager
def claimed(host: str, port: int) -> Iterator[int]:
    """Hold `port` at `host`; 0 takes a free one, which is yielded.

    Raises PortTaken after a short wait, SettingsError where nobody could listen.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            held = _bound(host, port)
            break
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise SettingsError(
                    f"Can't listen at {host}, port {port}: {fault.strerror or fault}"
                ) from fault
            if time.monotonic() > deadline:
                raise PortTaken(
                    f"Port {port} at {host} is taken by another program; "
                    f"choose another with --port (0 takes a free one)."
                ) from fault
            time.sleep(_LOOK_SECONDS)
    number = int(held.getsockname()[1])
    if sys.platform != "linux":
        # Elsewhere the server's own socket could not be bound beside this one.
        held.close()
    with held:
        yield number


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    held = socket.socket(family, kind, protocol)
    try:
        # Connections of an earlier server may linger for a minute and are no obstacle …
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(address)
        # … but once it is ours, only those who share it knowingly may come in.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except BaseException:
        held.close()
        raise
    return held

"""Who acts from the shell of the server's machine. No framework: commands start without one."""

import getpass
from typing import Final

from tintype.audit.models import Actor

# The server itself, where no request and no command stands behind an act.
SERVER: Final = Actor("operator", None)


def operator() -> Actor:
    """Whoever runs a command, by the name of their account on the machine."""
    try:
        name: str | None = getpass.getuser()
    except (OSError, KeyError):  # An account without a name, as containers have.
        name = None
    return Actor("operator", name)

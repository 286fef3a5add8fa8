"""Exit codes, and an error of ours as one line on stderr. It imports little: see `standing.py`."""

import sys
from collections.abc import Callable
from typing import Final

from tintype.core.errors import (
    EngineUnavailable,
    Forbidden,
    InsufficientCredits,
    Internal,
    ProviderError,
    ProviderTimeout,
    TintypeError,
    Unauthorized,
    Unavailable,
)
from tintype.core.settings import SettingsError

OK, FAULT, USAGE, AUTH, CREDITS, JOB_FAILED, TIMEOUT, AWAY = range(8)
# A shell's code for a command that ctrl-C ended.
INTERRUPTED: Final = 130

_CODES: Final[tuple[tuple[tuple[type[TintypeError], ...], int], ...]] = (
    ((Unauthorized, Forbidden), AUTH),
    ((InsufficientCredits,), CREDITS),
    ((ProviderError, EngineUnavailable), JOB_FAILED),
    ((ProviderTimeout,), TIMEOUT),
    ((Unavailable,), AWAY),
    ((Internal,), FAULT),
)


def code_of(fault: TintypeError) -> int:
    """The exit code for an error of ours; what a client could have asked better is `USAGE`."""
    return next((code for kinds, code in _CODES if isinstance(fault, kinds)), USAGE)


def described(fault: TintypeError) -> str:
    """One line with the stable code and the numbers that go with it."""
    facts = fault.details if isinstance(fault.details, dict) else {}
    more = "".join(f", {name} {value}" for name, value in facts.items())
    return f"{fault.message} ({fault.code}{more})"


def complain(text: str) -> None:
    sys.stderr.write(f"tintype: {text}\n")


def reported(work: Callable[[], int]) -> int:
    """The exit code of `work`; an error of ours becomes one line and its code."""
    try:
        return work()
    except SettingsError as fault:
        complain(str(fault))
        return USAGE
    except TintypeError as fault:
        complain(described(fault))
        return code_of(fault)

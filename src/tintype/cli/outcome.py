"""What a command tells: data on stdout, everything else on stderr, and an exit code.

Data is one JSON document when stdout is no terminal or `--json` is given, else lines to read.
"""

import sys
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
import typer

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

Json = Annotated[bool, typer.Option("--json", help="Print JSON, as to a pipe.")]


def code_of(fault: TintypeError) -> int:
    """The exit code for an error of ours; what a client could have asked better is `USAGE`."""
    return next((code for kinds, code in _CODES if isinstance(fault, kinds)), USAGE)


def described(fault: TintypeError) -> str:
    """One line with the stable code and the numbers that go with it."""
    facts = fault.details if isinstance(fault.details, dict) else {}
    more = "".join(f", {name} {value}" for name, value in facts.items())
    return f"{fault.message} ({fault.code}{more})"


def complain(text: str) -> None:
    typer.echo(f"tintype: {text}", err=True)


def tell(text: str) -> None:
    """A line for a person, which is no data."""
    typer.echo(text, err=True)


def as_json(asked: bool) -> bool:
    return asked or not sys.stdout.isatty()


def show(value: Any, *, json: bool, lines: Callable[[], list[str]]) -> None:
    """Print data: `value` as JSON, or what `lines` makes of it for a person."""
    if as_json(json):
        typer.echo(msgspec.json.encode(value).decode())
    else:
        for line in lines():
            typer.echo(line)


def table(rows: list[list[str]]) -> list[str]:
    """Columns as wide as their widest cell; the first row is the heading."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]

"""What a command tells: data on stdout, everything else on stderr.

Data is one JSON document when stdout is no terminal or `--json` is given, else lines to read.
"""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, as to a pipe.")]


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

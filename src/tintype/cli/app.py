"""The command `tintype`: one table of commands, of which only the one asked for is imported.

`tintype --help` has to answer in the blink of an eye, while some commands need the image library,
the database client and the queue, which take a second to import. So this module names each
command's module as text and imports the chosen one; `--help` and `--version` import none. The help
is plain text for the same reason: Typer's coloured one takes a quarter of a second to import.
"""

import importlib
import signal
import sys
from dataclasses import dataclass
from types import FrameType
from typing import Annotated, Final, NoReturn

import typer

from tintype import __version__
from tintype.cli import codes


@dataclass(frozen=True)
class Command:
    """`module` has a function `command`, or with `group` a Typer `app` of further commands."""

    name: str
    module: str
    help: str
    group: bool = False


COMMANDS: Final = (
    Command("serve", "tintype.cli.serve", "Serve the API, with worker and database beside it."),
    Command("worker", "tintype.cli.work", "Run a worker alone, beside servers on one database."),
    Command("generate", "tintype.cli.generate", "Make pictures from words and save them."),
    Command("enhance", "tintype.cli.enhance", "Finish a picture: clean it or make it real."),
    Command("keys", "tintype.cli.keys", "API keys: create, list, revoke.", group=True),
    Command("credits", "tintype.cli.credits", "Credits: grant, balance, ledger.", group=True),
    Command("org", "tintype.cli.organizations", "Organizations: create, set, list.", group=True),
    Command("user", "tintype.cli.users", "Users: create, list, password, delete.", group=True),
    Command("webhooks", "tintype.cli.webhooks", "Webhooks: listen, trigger.", group=True),
    Command("doctor", "tintype.cli.doctor", "Look whether all is well with a data folder."),
    Command("db", "tintype.cli.database", "The database: migrate, dump, restore.", group=True),
)


def main() -> None:
    """Run the command line; the exit codes are those of `codes.py`."""
    signal.signal(signal.SIGTERM, _end)
    sys.exit(codes.reported(_run))


def _run() -> int:
    build(sys.argv[1:])()
    return codes.OK


def build(words: list[str]) -> typer.Typer:
    """The whole command line, of which only what `words` ask for can be run."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, rich_markup_mode=None,
        pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    app.callback()(_about)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for entry in COMMANDS:
        if entry.name != chosen:
            app.command(entry.name, help=entry.help)(_not_chosen)
            continue
        module = importlib.import_module(entry.module)
        if entry.group:
            app.add_typer(module.app, name=entry.name, help=entry.help)
        else:
            app.command(entry.name)(module.command)
    return app


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tintype {__version__}")
        raise typer.Exit


def _about(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Tintype: a studio API for AI imagery on your own machine.

    Begin with `tintype serve`. Each command has its own --help.
    """
    del version


def _not_chosen() -> NoReturn:
    raise AssertionError("Only the command that was asked for is imported and run.")


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """End by an exception, so that a database started for this command is stopped again."""
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()

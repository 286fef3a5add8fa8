"""`tintype serve`."""

from pathlib import Path
from typing import Annotated

import typer

from tintype.cli.standing import enter
from tintype.core.settings import load


def command(
    host: Annotated[str | None, typer.Option(help="The address to listen at.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many web processes.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Serve only; workers run elsewhere.")
    ] = False,
) -> None:
    """Serve the API, with the worker and the database beside it.

    The first start makes an organization, an administrator and an API key, and prints them once.
    Ends on SIGINT or SIGTERM, within 15 seconds, with everything that it started.
    """
    settings = load(
        overrides={"server": {"host": host, "port": port, "workers": workers}},
        data=None if data is None else str(data),
    )
    enter(settings, api=True, worker=not no_worker)

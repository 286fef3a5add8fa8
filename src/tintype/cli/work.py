"""`tintype worker`."""

from pathlib import Path
from typing import Annotated

import typer

from tintype.cli.standing import enter
from tintype.core.settings import load


def command(
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="How many jobs at once.")] = None,
) -> None:
    """Run a worker alone, beside servers on the same database.

    On another machine, set database.url and storage.url to what the servers use.
    """
    settings = load(
        overrides={"worker": {"concurrency": concurrency}},
        data=None if data is None else str(data),
    )
    enter(settings, api=False, worker=True)

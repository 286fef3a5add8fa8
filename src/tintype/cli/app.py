"""The command `tintype`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tintype.cli import serve as serving
from tintype.cli.house import settings_for
from tintype.cli.worker import run_worker
from tintype.core.settings import load

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Data = Annotated[Path | None, typer.Option("--data", help="The data folder.")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
    workers: Annotated[int | None, typer.Option()] = None,
    data: Data = None,
    no_worker: Annotated[bool, typer.Option("--no-worker")] = False,
) -> None:
    """Serve the API, with the worker and the database beside it."""
    settings = load(
        overrides={"server": {"host": host, "port": port, "workers": workers}},
        data=None if data is None else str(data),
    )
    sys.exit(
        serving.serve(settings, with_worker=not no_worker, say=lambda text: print(text, flush=True))
    )


@app.command()
def worker(data: Data = None) -> None:
    """Run a worker alone."""
    run_worker(settings_for(data))


def main() -> None:
    app()


if __name__ == "__main__":
    main()

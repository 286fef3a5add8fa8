"""`tintype db`: bring the schema up to date, write the database to a file, read it back.

PostgreSQL's own programs of the installed wheel do the work, on the embedded database and on one
of `database.url` alike.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from tintype.cli import dumping, house, queries
from tintype.cli.contact import open_database, reached
from tintype.cli.house import Data
from tintype.cli.outcome import Json, show
from tintype.core import log
from tintype.core.settings import Settings
from tintype.db import migrate

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("migrate")
def bring_up_to_date(data: Data = None, json: Json = False) -> None:
    """Bring the database's schema to this version; nothing happens if it is there already."""
    with _opened(data) as settings, reached(settings):
        ran = asyncio.run(migrate.migrate(settings.database.url))
    show({"migrations": ran}, json=json, lines=lambda: ran or ["The schema is current."])


@app.command()
def dump(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Write the whole database to one compressed file, beside a running server too.

    The pictures are not in it: copy the storage after the dump, and it has all that the dump names.
    """
    dumping.check_free(file, force=force)
    with _opened(data) as settings:
        with reached(settings):
            asyncio.run(dumping.refuse_without_schema(settings.database.url))
        dumping.dump(settings.database.url, file)
    size = file.stat().st_size
    show({"file": str(file), "bytes": size}, json=json, lines=lambda: [f"{file}  {size:,} bytes"])


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `db dump` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace the data that the database has.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Read a dump back: all of it, or nothing changes. Stop Tintype before."""
    dumping.check_dump(file)
    with _opened(data) as settings:
        with reached(settings):
            asyncio.run(dumping.check_restorable(settings.database.url, force=force))
        dumping.restore(settings.database.url, file)
        found = asyncio.run(_after_restore(settings))
    show(found, json=json, lines=lambda: [
        f"{found['organizations']} organizations and {found['images']} pictures restored.",
    ])  # fmt: skip


@app.command("forget-secret")
def forget_secret(data: Data = None, json: Json = False) -> None:
    """Let the next start take the secret that it has, where the one before is lost.

    What was sealed with the lost one stays closed: everybody signs in again, and every webhook
    endpoint needs a new secret (`POST /webhooks/endpoints/{id}/rotate-secret`).
    """
    with _opened(data) as settings:
        asyncio.run(_forget_secret(settings))
    show({"forgotten": True}, json=json, lines=lambda: ["The next start takes its own secret."])


async def _forget_secret(settings: Settings) -> None:
    async with open_database(settings) as database, database.transaction() as tx:
        await queries.forget_vault_mark(tx)


async def _after_restore(settings: Settings) -> dict[str, Any]:
    """Bring an older dump's schema to this version, and count what is there."""
    async with open_database(settings, upgrade=True) as database, database.reading() as tx:
        return dict(
            await tx.fetchrow(
                "SELECT (SELECT count(*) FROM organizations WHERE sandbox_of IS NULL)"
                " AS organizations, (SELECT count(*) FROM images) AS images"
            )
        )


@contextlib.contextmanager
def _opened(data: Path | None) -> Iterator[Settings]:
    """Settings with the true address of the database, which runs meanwhile; any schema."""
    settings = house.settings_for(data)
    log.configure("error", settings.log.format)
    with house.database_url(settings) as url:
        yield house.with_url(settings, url)

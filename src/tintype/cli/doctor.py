"""`tintype doctor`: every part looked at, one line each; a fault makes the exit code 1."""

import asyncio
import sys

from tintype.cli import checks, codes, house, ledger_checks
from tintype.cli.checks import Finding
from tintype.cli.house import Data
from tintype.cli.outcome import Json, show, table
from tintype.core import log
from tintype.core.errors import TintypeError
from tintype.core.settings import Settings


def command(data: Data = None, json: Json = False) -> None:
    """Look whether all is well: folder, database, storage, engines, queue, ledger, pictures.

    Works beside a running server and without one; changes nothing but a probe in the storage.
    """
    settings = house.settings_for(data)
    log.configure("error", settings.log.format)
    findings = examine(settings)
    shown = {"healthy": all(it.state != "fault" for it in findings), "checks": findings}
    show(shown, json=json, lines=lambda: table(
        [[it.state.upper() if it.state != "ok" else "ok", it.check, it.detail] for it in findings]
    ))  # fmt: skip
    sys.exit(codes.OK if shown["healthy"] else codes.FAULT)


def examine(settings: Settings) -> list[Finding]:
    findings = [checks.data_folder(settings), *checks.disks(settings), *checks.codecs()]
    findings += asyncio.run(checks.outside(settings))
    if not settings.database.url and not (settings.folder / "pgdata").exists():
        return [*findings, Finding("database", "ok", "none yet; the first start makes it")]
    try:
        with house.database_url(settings) as url:
            return findings + asyncio.run(_inside(house.with_url(settings, url)))
    except TintypeError as fault:
        return [*findings, Finding("database", "fault", fault.message)]


async def _inside(settings: Settings) -> list[Finding]:
    """What only the database can tell; where its schema isn't ours, nothing more is asked."""
    schema = await checks.schema(settings)
    if schema.state == "fault":
        return [schema]
    return [schema, *await ledger_checks.all_of(settings)]

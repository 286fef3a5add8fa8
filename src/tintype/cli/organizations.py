"""`tintype org`."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer

from tintype.accounts import operations as accounts
from tintype.accounts.models import Organization
from tintype.cli import house
from tintype.cli.house import Data, House
from tintype.cli.outcome import Json, show, table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Its name.")],
    plan: Annotated[str, typer.Option(help="free, starter, creator, pro or enterprise.")],
    rate_limit: Annotated[
        int | None, typer.Option(min=1, help="Requests per 60 s, in place of the plan's.")
    ] = None,
    private_media: Annotated[
        bool, typer.Option("--private-media", help="Its pictures need signed URLs.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make an organization, with the trial credits of its plan."""

    async def work(opened: House) -> Organization:
        async with opened.database.transaction() as tx:
            return await accounts.create_organization(
                tx, name=name, plan=plan, rate_limit=rate_limit, private_media=private_media
            )

    made = house.run(data, work)
    show(_shown(made), json=json, lines=lambda: [f"{made.id}  {made.name}  ({made.plan})"])


@app.command("list")
def list_organizations(data: Data = None, json: Json = False) -> None:
    """List the organizations."""

    async def work(opened: House) -> list[Organization]:
        async with opened.database.reading() as tx:
            return await accounts.organizations(tx)

    found = house.run(data, work)
    shown = [_shown(it) for it in found]
    show(shown, json=json, lines=lambda: table([["ID", "NAME", "PLAN", "CREATED"], *(
        [it.id, it.name, it.plan, it.created_at[:16]] for it in found
    )]))  # fmt: skip


def _shown(made: Organization) -> dict[str, Any]:
    """With its time written as every other one."""
    return msgspec.structs.asdict(made) | {"created_at": datetime.fromisoformat(made.created_at)}

"""`tintype keys`."""

from typing import Annotated

import typer

from tintype.accounts import operations as accounts
from tintype.accounts.models import scopes_in_force
from tintype.audit.operator import operator
from tintype.cli import house
from tintype.cli.house import Data, House, Org
from tintype.cli.outcome import Json, show, table
from tintype.core.caller import SCOPES
from tintype.core.errors import NotFound
from tintype.keys import operations as keys
from tintype.keys.models import ApiKey, NewApiKey, SpendCap
from tintype.projects import operations as projects

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scopes: Annotated[
        str | None, typer.Option(help="Comma-separated; else all of them.", show_default=False)
    ] = None,
    org: Org = None,
    project: Annotated[str | None, typer.Option(help="Bind the key to this project.")] = None,
    test: Annotated[bool, typer.Option("--test", help="A sandbox key: no credits.")] = False,
    expires: Annotated[str | None, typer.Option(help="In how long: 90d, 12h or 30m.")] = None,
    cap_day: Annotated[
        int | None, typer.Option(min=0, help="Credits that it may spend in a UTC day.")
    ] = None,
    cap_month: Annotated[
        int | None, typer.Option(min=0, help="Credits that it may spend in a UTC month.")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make an API key; its secret is shown this once."""
    expires_at = None if expires is None else keys.expiry(expires)

    async def work(opened: House) -> NewApiKey:
        async with opened.database.transaction() as tx:
            caller = await house.cli_caller(tx, org, livemode=not test)
            owner = await accounts.organization(tx, await house.organization_id(tx, org))
            every = scopes_in_force(SCOPES, operator=owner.operator and not test)
            return await keys.create(
                tx, owner.id, name=name, scopes=every if scopes is None else _split(scopes),
                maker_scopes=SCOPES, livemode=not test, expires_at=expires_at,
                project_id=await projects.chosen(tx, caller, project),
                spend_cap=SpendCap(cap_day, cap_month), actor=operator(),
            )  # fmt: skip

    made = house.run(data, work)
    show(made, json=json, lines=lambda: [
        f"id      {made.id}", f"secret  {made.secret}", f"prefix  {made.prefix}",
        f"scopes  {', '.join(made.scopes)}", "The secret is shown this once; keep it.",
    ])  # fmt: skip


@app.command("list")
def list_keys(org: Org = None, data: Data = None, json: Json = False) -> None:
    """List an organization's keys, newest first, without their secrets."""

    async def work(opened: House) -> list[ApiKey]:
        async with opened.database.reading() as tx:
            return await keys.keys(tx, await house.organization_id(tx, org))

    found = house.run(data, work)
    heading = ["ID", "NAME", "PREFIX", "STATUS", "CREDITS", "LAST USED"]
    show(found, json=json, lines=lambda: table([heading, *(
        [key.id, key.name, key.prefix, key.status, str(key.usage.credits),
         str(key.last_used_at or "never")[:16]]
        for key in found
    )]))  # fmt: skip


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id: key_…")],
    data: Data = None,
    json: Json = False,
) -> None:
    """End a key at once, in every process."""

    async def work(opened: House) -> ApiKey:
        async with opened.database.transaction() as tx:
            for organization in await accounts.organizations(tx):
                try:
                    return await keys.revoke(tx, organization.id, key_id, actor=operator())
                except NotFound:
                    continue
        raise NotFound(f"There is no key {key_id[:80]}.")

    ended = house.run(data, work)
    show(ended, json=json, lines=lambda: [f"{ended.id} ({ended.name}) is {ended.status}."])


def _split(scopes: str) -> list[str]:
    return [scope.strip() for scope in scopes.split(",") if scope.strip()]

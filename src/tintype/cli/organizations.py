"""`tintype org`."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from msgspec import UNSET, UnsetType

from tintype.accounts import operations as accounts
from tintype.accounts.models import ChangeOrganization, Organization, features_of, limits_of
from tintype.audit.operator import operator as at_the_shell
from tintype.cli import house
from tintype.cli.house import Data, House
from tintype.cli.outcome import Json, show, table
from tintype.core.errors import ValidationFailed

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


@app.command("set")
def set_terms(
    org: Annotated[str, typer.Option("--id", help="The organization's id.")],
    plan: Annotated[
        str | None, typer.Option(help="free, starter, creator, pro or enterprise.")
    ] = None,
    rate_limit: Annotated[
        str | None, typer.Option(help="Requests per 60 s; `plan` goes by the plan.")
    ] = None,
    concurrency: Annotated[
        str | None, typer.Option(help="Works at once; `plan` goes by the plan.")
    ] = None,
    queue_weight: Annotated[
        str | None, typer.Option(help="Share of busy workers, 1 to 12; `plan` goes by the plan.")
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(help="+bulk adds it to the plan's, -bulk takes it, bulk goes by the plan."),
    ] = None,
    operator: Annotated[
        bool | None,
        typer.Option("--operator/--no-operator", help="Whether it may grant credits to others."),
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Change an organization's plan, and where it differs from it; in force at once."""
    change = ChangeOrganization(
        plan=UNSET if plan is None else plan,
        rate_limit=_limit("rate_limit", rate_limit),
        concurrency=_limit("concurrency", concurrency),
        queue_weight=_limit("queue_weight", queue_weight),
        features=tuple(feature or ()),
        operator=UNSET if operator is None else operator,
    )

    async def work(opened: House) -> Organization:
        async with opened.database.transaction() as tx:
            return await accounts.change_organization(tx, org, change, actor=at_the_shell())

    changed = house.run(data, work)
    show(_shown(changed), json=json, lines=lambda: _lines(changed))


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


def _limit(name: str, text: str | None) -> int | UnsetType | None:
    """A number, None for `plan`, or nothing asked."""
    if text is None or text == "plan":
        return UNSET if text is None else None
    if not (text.isascii() and text.isdigit()):
        raise ValidationFailed(name, "must be a whole number, or `plan`")
    return int(text)


def _lines(one: Organization) -> list[str]:
    limits = limits_of(one)
    words = {
        "plan": one.plan,
        "requests per 60 s": limits.requests_per_minute or "no limit",
        "works at once": limits.concurrency or "no limit",
        "queue weight": limits.queue_weight,
        "features": ", ".join(sorted(features_of(one.plan, one.features))),
    } | ({"operator": "yes"} if one.operator else {})
    return [f"{one.id}  {one.name}", *(f"  {name:17}  {value}" for name, value in words.items())]

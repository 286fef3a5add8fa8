"""`tintype webhooks`: hear events on this machine, and make some, while building a receiver."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Annotated, Any, Final

import msgspec
import typer

from tintype.addresses import Network
from tintype.cli import house
from tintype.cli.house import Data, House, Org
from tintype.cli.outcome import Json, as_json, show, table, tell
from tintype.cli.webhook_examples import example
from tintype.core.caller import Caller
from tintype.core.settings import Settings, SettingsError
from tintype.core.vault import Vault, open_vault
from tintype.db.pool import Transaction
from tintype.events import operations as events
from tintype.events.models import Event
from tintype.fetch import Fetcher, FetchFailed
from tintype.images.links import links_of
from tintype.webhooks import operations as webhooks
from tintype.webhooks import targets
from tintype.webhooks.models import TEST, Body, Delivery
from tintype.webhooks.signing import headers, signer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Test = Annotated[bool, typer.Option("--test", help="In the sandbox.")]
# The address is the operator's own, so it may be anywhere.
_EVERYWHERE: Final[list[Network]] = [ip_network("0.0.0.0/0"), ip_network("::/0")]
_PAGE: Final = 100
_LOOK_SECONDS: Final = 0.3
_SENT_SECONDS_MAX: Final = 10.0


@app.command()
def listen(
    forward_to: Annotated[
        str, typer.Option("--forward-to", help="Post each event to this address.")
    ],
    only: Annotated[
        str | None, typer.Option("--events", help="Comma-separated types; else all.")
    ] = None,
    org: Org = None,
    test: Test = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Post events to an address as they happen, signed, until ctrl-C; none is posted again."""
    url = targets.checked(forward_to, "--forward-to", _EVERYWHERE)
    types = None
    if only is not None:
        wanted = [part.strip() for part in only.split(",") if part.strip()]
        types = set(webhooks.known_types(wanted, "--events"))

    async def work(opened: House) -> None:
        async with opened.database.transaction() as tx:
            caller = await house.cli_caller(tx, org, livemode=not test)
            vault = await _servers_vault(tx, opened.settings)
            own = await webhooks.own_secret(tx, caller, vault)
        tell(f"Events go to {url}, signed with {own.secret}")
        async with Fetcher(_EVERYWHERE) as fetcher:
            async for event in _happening(opened, caller):
                if types is None or event.type in types:
                    told = await _forward(fetcher, url, own.secret, event)
                    typer.echo(msgspec.json.encode(told).decode() if as_json(json) else _line(told))

    house.run(data, work)


@app.command()
def trigger(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="Such as generation.completed.")],
    org: Org = None,
    test: Test = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Write an example event of this type, which goes to the endpoints like any other."""
    webhooks.known_types([type_], "TYPE")

    async def work(opened: House) -> dict[str, Any]:
        async with opened.database.transaction() as tx:
            caller = await house.cli_caller(tx, org, livemode=not test)
            if type_ == TEST:
                listening = await webhooks.enabled(tx, caller, TEST)
                made = [await webhooks.test(tx, caller, it.id) for it in listening]
                event_ids = [it.event_id for it in made]
            else:
                links = links_of(opened.settings.public_url, caller)
                subject_id, shown = example(type_, links, livemode=caller.livemode)
                event_ids = [await events.publish(
                    tx, caller.organization_id, type_, subject_id,
                    livemode=caller.livemode, data=shown,
                )]  # fmt: skip
        return await _outcome(opened, caller, type_, event_ids)

    made = house.run(data, work)
    sent: list[Delivery] = made["deliveries"]
    show(made, json=json, lines=lambda: [
        f"{event_id}  {type_}  (an example: its data says so)" for event_id in made["event_ids"]
    ] + (table([["DELIVERY", "STATUS", "ANSWER", "TO"], *(
        [it.id, it.status, str(it.last_status or it.last_error or ""), it.url] for it in sent
    )]) if sent else ["It went nowhere: no endpoint takes it, or no worker runs."]))  # fmt: skip


async def _servers_vault(tx: Transaction, settings: Settings) -> Vault:
    """The vault, if its secret is the server's: else what it seals could never be opened there."""
    mark = await tx.fetchval("SELECT mark FROM vault_mark")
    if mark is None:
        raise SettingsError("security.secret: no server has used this database yet; start one.")
    vault = open_vault(settings)
    if mark not in vault.marks:
        raise SettingsError(
            "security.secret: this shell has another one than the server; set"
            " TINTYPE_SECURITY_SECRET, or give the server's data folder with --data."
        )
    return vault


async def _happening(opened: House, caller: Caller) -> AsyncIterator[Event]:
    """The log from now on, in order."""
    async with opened.database.reading() as tx:
        after = await events.newest(tx, caller.organization_id)
    while True:
        async with opened.database.reading() as tx:
            found = await events.page(tx, caller, after=after, type_=None, limit=_PAGE)
        for event in found:
            after = event.id
            yield event
        if len(found) < _PAGE:
            await asyncio.sleep(_LOOK_SECONDS)


async def _forward(fetcher: Fetcher, url: str, secret: str, event: Event) -> dict[str, Any]:
    raw = msgspec.Raw(msgspec.json.encode(event.data))
    body = msgspec.json.encode(Body(event.id, event.type, event.created_at, raw))
    told: dict[str, Any] = {"event_id": event.id, "type": event.type}
    signed = headers([signer(secret)], event.id, datetime.now(UTC), body)
    try:
        posted = await fetcher.post(url, body, signed, field="--forward-to")
    except FetchFailed as failed:
        return told | {"status": None, "error": failed.fault, "milliseconds": None}
    return told | {"status": posted.status, "error": None, "milliseconds": posted.milliseconds}


def _line(told: dict[str, Any]) -> str:
    answer = told["error"] or f"{told['status']} in {told['milliseconds']} ms"
    return f"{datetime.now().astimezone():%H:%M:%S}  {told['type']:<24}{told['event_id']}  {answer}"


async def _outcome(
    opened: House, caller: Caller, type_: str, event_ids: list[str]
) -> dict[str, Any]:
    """What became of the events' deliveries, once none is on its way or the time is over."""
    sent: list[Delivery] = []
    end = time.monotonic() + _SENT_SECONDS_MAX
    while time.monotonic() < end:
        async with opened.database.reading() as tx:
            listening = await webhooks.enabled(tx, caller, type_)
            sent = await webhooks.deliveries_of(tx, caller, event_ids)
        if not listening or (sent and all(it.attempt_count for it in sent)):
            break
        await asyncio.sleep(_LOOK_SECONDS)
    return {"type": type_, "example": True, "event_ids": event_ids, "deliveries": sent}

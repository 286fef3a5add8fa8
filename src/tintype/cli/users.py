"""`tintype user`."""

import secrets
import sys
from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer

from tintype.accounts import operations as accounts
from tintype.accounts.models import Role
from tintype.cli import house
from tintype.cli.house import Data, House, Org
from tintype.cli.outcome import Json, show

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def about() -> None:
    """Users."""


@app.command()
def create(
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    org: Org = None,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = "member",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password's line from stdin.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a user; without --password-stdin a password is made up and shown this once."""
    made_up = None if password_stdin else secrets.token_urlsafe(12)
    hashed = accounts.hash_password(made_up or sys.stdin.readline().rstrip("\r\n"))

    async def work(opened: House) -> dict[str, Any]:
        async with opened.database.transaction() as tx:
            return await accounts.create_user(
                tx, await house.organization_id(tx, org),
                email=email, password_hash=hashed, role=role,
            )  # fmt: skip

    user = house.run(data, work)
    # As every other time is written.
    user["created_at"] = msgspec.to_builtins(datetime.fromisoformat(user["created_at"]))
    if made_up is not None:
        user["password"] = made_up
    show(user, json=json, lines=lambda: [f"{name:15}  {value}" for name, value in user.items()])

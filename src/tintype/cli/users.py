"""`tintype user`."""

import secrets
import sys
from typing import Annotated, Any

import msgspec
import typer

from tintype.accounts import operations as accounts
from tintype.accounts.models import Role, User
from tintype.accounts.passwords import hash_password
from tintype.audit.operator import operator
from tintype.cli import house
from tintype.cli.house import Data, House, Org
from tintype.cli.outcome import Json, show, table
from tintype.sessions import operations as sessions

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password's line from stdin.")
]
Email = Annotated[str, typer.Argument(help="The address that the user signs in with.")]


@app.callback()
def about() -> None:
    """Users."""


@app.command()
def create(
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    org: Org = None,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = "member",
    password_stdin: PasswordStdin = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a user; without --password-stdin a password is made up and shown this once."""
    made_up, hashed = _password(password_stdin)

    async def work(opened: House) -> User:
        async with opened.database.transaction() as tx:
            return await accounts.create_user(
                tx, await house.organization_id(tx, org),
                email=email, password_hash=hashed, role=role, actor=operator(),
            )  # fmt: skip

    _show(house.run(data, work), made_up, json=json)


@app.command("list")
def list_users(org: Org = None, data: Data = None, json: Json = False) -> None:
    """List an organization's users."""

    async def work(opened: House) -> list[User]:
        async with opened.database.reading() as tx:
            return await accounts.users(tx, await house.organization_id(tx, org))

    found = house.run(data, work)
    show(found, json=json, lines=lambda: table([["ID", "E-MAIL", "ROLE", "CREATED"], *(
        [user.id, user.email, user.role, str(user.created_at)[:16]] for user in found
    )]))  # fmt: skip


@app.command()
def password(
    email: Email, password_stdin: PasswordStdin = False, data: Data = None, json: Json = False
) -> None:
    """Give a user another password and end their sessions."""
    made_up, hashed = _password(password_stdin)

    async def work(opened: House) -> User:
        async with opened.database.transaction() as tx:
            user = await accounts.user_named(tx, email)
            await accounts.set_password(tx, user, hashed, actor=operator())
            await sessions.end_all(tx, user.organization_id, user.id, actor=operator())
            return user

    _show(house.run(data, work), made_up, json=json)


@app.command()
def delete(email: Email, data: Data = None, json: Json = False) -> None:
    """Delete a user: their sessions end at once; what they made, and their keys, stay."""

    async def work(opened: House) -> User:
        async with opened.database.transaction() as tx:
            user = await accounts.user_named(tx, email)
            await sessions.end_all(tx, user.organization_id, user.id, actor=operator())
            await accounts.delete_user(tx, user, actor=operator())
            return user

    gone = house.run(data, work)
    show(gone, json=json, lines=lambda: [f"{gone.id} ({gone.email}) is deleted."])


def _password(from_stdin: bool) -> tuple[str | None, str]:
    """The password that was made up, if one was, and the hash of the chosen one."""
    made_up = None if from_stdin else secrets.token_urlsafe(12)
    return made_up, hash_password(made_up or sys.stdin.readline().rstrip("\r\n"))


def _show(user: User, made_up: str | None, *, json: bool) -> None:
    shown: dict[str, Any] = msgspec.to_builtins(user)
    if made_up is not None:
        shown["password"] = made_up
    show(shown, json=json, lines=lambda: [f"{name:15}  {value}" for name, value in shown.items()])

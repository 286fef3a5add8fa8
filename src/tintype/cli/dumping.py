"""Dumps by pg_dump, read back by pg_restore and psql in one transaction.

A restore replaces the schema `public` and is judged before it commits, so that a broken file or a
dump of a newer Tintype leaves the database as it was.
"""

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from tintype.core.errors import Conflict, Internal, Unavailable, ValidationFailed
from tintype.db import embedded, migrate
from tintype.db.pool import dedicated_connection

_CHUNK_BYTES: Final = 1 << 20
_MAGIC: Final = b"PGDMP"
# As PostgreSQL itself makes it, so that the next dump does not carry it as something special.
_FRESH_SCHEMA: Final = """
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA public IS 'standard public schema';
"""
_NOT_NEWER: Final = """
DO $$ BEGIN
    IF (SELECT max(number) FROM public.schema_migrations) > {newest} THEN
        RAISE EXCEPTION 'the dump is of a newer Tintype';
    END IF;
END $$;
"""
# Another cluster counts its transactions from elsewhere: by the numbers in the dump, events would
# stay unseen until its count has passed them. One below all that run leaves `position` to order.
_EVENTS_BEFORE_ALL: Final = "UPDATE public.events SET xid = '3'::xid8;"
# The log has been read as far as before: on from the first event that hadn't been, in that order.
_CURSOR_BEFORE_ALL: Final = """
DO $$ BEGIN
    IF to_regclass('public.webhook_cursor') IS NOT NULL THEN
        UPDATE public.webhook_cursor c SET xid = '3'::xid8, position = coalesce(
            (SELECT min(e.position) - 1 FROM public.events e
             WHERE (e.xid, e.position) > (c.xid, c.position)),
            (SELECT max(e.position) FROM public.events e), 0);
    END IF;
END $$;
"""


def check_free(file: Path, *, force: bool) -> None:
    """Raise Conflict for a file that exists, ValidationFailed for a folder that can't be used."""
    if file.is_dir() or not os.access(file.parent, os.W_OK | os.X_OK):
        raise ValidationFailed("file", f"{file} can't be written")
    if file.exists() and not force:
        raise Conflict(f"{file} exists; --force writes over it.")


def check_dump(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            head = opened.read(len(_MAGIC))
    except OSError as fault:
        raise ValidationFailed("file", f"{file} can't be read: {fault.strerror}") from fault
    if head != _MAGIC:
        raise ValidationFailed("file", f"{file} is no dump that `tintype db dump` wrote")


async def refuse_without_schema(url: str) -> None:
    connection = await dedicated_connection(url)
    try:
        if not await migrate.applied(connection):
            raise Conflict("The database is empty: there is nothing to dump.")
    finally:
        await connection.close()


async def check_restorable(url: str, *, force: bool) -> None:
    """Raise Conflict while others use the database, and for one with data unless `force`."""
    connection = await dedicated_connection(url)
    try:
        others = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        if others:
            raise Conflict(f"The database is in use ({others} sessions); stop Tintype first.")
        filled = await connection.fetchval("SELECT to_regclass('public.organizations') IS NOT NULL")
        if filled and not force:
            filled = await connection.fetchval("SELECT EXISTS (SELECT FROM organizations)")
            if filled:
                raise Conflict("The database has data; --force replaces all of it.")
    finally:
        await connection.close()


def dump(url: str, file: Path) -> None:
    """Write the database to `file`, complete or not at all. Raises Unavailable."""
    beside = file.with_name(f".{file.name}.part")
    address, environment = _without_password(url)
    command = [
        str(embedded.binary("pg_dump")), "--format=custom", "--compress=gzip:6", "--no-owner",
        "--no-privileges", f"--file={beside}", address,
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603
            command, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            umask=0o077, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Unavailable(f"pg_dump failed: {_fault(done.stderr)}")
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Put the dump in the place of all that the database has. Raises ValidationFailed."""
    newest = max(number for number, _, _ in migrate.migrations())
    address, environment = _without_password(url)
    reading = [
        str(embedded.binary("pg_restore")), "--no-owner", "--no-privileges",
        # Its objects without the schema itself, which is made fresh above.
        "--schema=public", "--file=-",
    ]  # fmt: skip
    writing = [
        str(embedded.binary("psql")), "--no-psqlrc", "--quiet", "--single-transaction",
        "--set=ON_ERROR_STOP=1", "--output=/dev/null", f"--dbname={address}",
        f"--command={_FRESH_SCHEMA}", "--file=-", f"--command={_NOT_NEWER.format(newest=newest)}",
        f"--command={_CURSOR_BEFORE_ALL}",
        f"--command={_EVENTS_BEFORE_ALL}",
    ]  # fmt: skip
    with (
        subprocess.Popen(  # noqa: S603
            [*reading, str(file)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as script,
        subprocess.Popen(  # noqa: S603
            writing, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE
        ) as database,
    ):  # fmt: skip
        broken, refused = _pour(script, database)
    if script.returncode or database.returncode:
        raise ValidationFailed("file", f"it was not restored: {_fault(broken or refused)}")


def _pour(
    script: "subprocess.Popen[bytes]", database: "subprocess.Popen[bytes]"
) -> tuple[bytes, bytes]:
    """Feed the script to psql; what either complained of.

    psql commits at the script's end, be it a whole script or half of one. So it sees the end only
    after pg_restore has said that it is whole, and is killed otherwise: the transaction is undone.
    """
    assert script.stdout is not None
    assert script.stderr is not None
    assert database.stdin is not None
    assert database.stderr is not None
    refused = b""
    try:
        shutil.copyfileobj(script.stdout, database.stdin, _CHUNK_BYTES)
        database.stdin.flush()
    except BrokenPipeError:
        refused = database.stderr.read()
        script.kill()
    broken = b"" if refused else script.stderr.read()
    if script.wait():
        database.kill()
    with contextlib.suppress(BrokenPipeError):
        database.stdin.close()
    return broken, refused or database.stderr.read()


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """The address without its password, which others could read in the list of processes."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = next((value for name, value in query if name == "password"), None)
    user, _, host = parts.netloc.rpartition("@")
    name, _, secret = user.partition(":")
    if secret:
        password = unquote(secret)
    netloc = f"{name}@{host}" if user else host
    kept = urlencode([pair for pair in query if pair[0] != "password"], quote_via=quote)
    environment = {name: value for name, value in os.environ.items() if name != "PGDATABASE"}
    if password:
        environment["PGPASSWORD"] = password
    environment["PGAPPNAME"] = "tintype-db"
    return urlunsplit(parts._replace(netloc=netloc, query=kept)), environment


def _fault(text: bytes) -> str:
    """The error's own line; a line of detail after it may quote a row."""
    found = re.search(r"(?:error|FATAL):\s+(.*)", text.decode(errors="replace"), re.IGNORECASE)
    if found is None:
        raise Internal
    return found[1]

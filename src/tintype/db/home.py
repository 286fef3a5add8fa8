"""The folder that an embedded PostgreSQL lives in: its parts, rights, lock and users.

`pgdata/` is PostgreSQL's own; `run/` holds the socket; `users/` has a file for each process that
uses the server, named by its pid and start time, so that a dead process's file is known as such;
`lock` is locked (flock) while a server is started or stopped; `postgres.log` is its log.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tintype.db import postmaster
from tintype.db.postmaster import EmbeddedDatabaseError
from tintype.db.unprivileged import Account, account_for, let_pass

_SOCKET_PATH_BYTES = 100  # The kernels' limits are 107 (Linux) and 103 (macOS).
_LOCK_SECONDS = 60.0
_LOG_BYTES = 8_000_000
_TAIL_BYTES = 1500


@dataclass(frozen=True)
class Home:
    """The parts of a database folder, all as absolute paths; any of them may not exist yet."""

    folder: Path
    pgdata: Path
    sockets: Path
    users: Path
    lock: Path
    log: Path


def home_of(folder: Path) -> Home:
    """Where the parts of `folder` are, the same for every process that asks."""
    root = folder.expanduser().resolve()
    sockets = root / "run"
    if len(os.fsencode(sockets / f".s.PGSQL.{postmaster.PORT}.lock")) > _SOCKET_PATH_BYTES:
        # Not from TMPDIR, which may differ between the processes that are to meet here.
        mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        sockets = Path("/tmp") / f"tintype-{mark}"  # noqa: S108 - Judged by _refuse_open before use.
    return Home(
        root, root / "pgdata", sockets, root / "users", root / "lock", root / "postgres.log"
    )


def make(home: Home) -> Account | None:
    """Make the folders that lack and close all to everyone but the database's user.

    The user is returned (None: the one this process runs as). It owns `pgdata/` and `run/` only:
    what this process writes itself, as root perhaps, lies where that user can't put a link.
    Raises EmbeddedDatabaseError for a folder of someone else and for a socket folder that others
    can reach: who reaches the socket is the database's superuser.
    """
    try:
        return _made(home)
    except OSError as error:
        raise EmbeddedDatabaseError(f"{home.folder} can't be used: {error}") from error


def give(part: Path, account: Account | None) -> None:
    """Make `account` the owner of a folder just made."""
    if account:
        os.chown(part, account.uid, account.gid)


def sync(folder: Path) -> None:
    """Have the names in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the folder's lock, which the kernel frees when its holder dies."""
    deadline = time.monotonic() + _LOCK_SECONDS
    with home.lock.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedDatabaseError(
                        f"{home.lock} is held by another process."
                    ) from None
                time.sleep(0.02)
        yield


def join(home: Home) -> None:
    """Count this process as a user, until it leaves or ends; call with the lock held."""
    _my_file(home).touch()


def leave(home: Home) -> None:
    """Count this process no longer."""
    _my_file(home).unlink(missing_ok=True)


def in_use(home: Home) -> bool:
    """Whether a living process counts as a user; forgets the dead ones. Call with the lock held."""
    alive = False
    for file in home.users.iterdir():
        pid, _, started = file.name.partition("-")
        found = postmaster.process(int(pid))
        if found is None or found.zombie or found.started != started:
            file.unlink(missing_ok=True)
        else:
            alive = True
    return alive


def bound_log(home: Home) -> None:
    """Keep the server's log small: past 8 MB it becomes `postgres.log.1` and begins anew.

    It is copied and cut in place, because a running server keeps it open (for appending).
    """
    if home.log.exists() and home.log.stat().st_size > _LOG_BYTES:
        before = home.log.with_suffix(".log.1")
        before.unlink(missing_ok=True)
        shutil.copyfile(home.log, before)
        os.truncate(home.log, 0)


def tail(home: Home, since: int = 0) -> str:
    """The log's last lines from byte `since` on, after a line break; empty when there are none."""
    if not home.log.exists():
        return ""
    with home.log.open("rb") as log:
        log.seek(max(since, home.log.stat().st_size - _TAIL_BYTES))
        lines = log.read().decode(errors="replace").strip()
    return f"\nIts log ({home.log}) says:\n{lines}" if lines else ""


def _made(home: Home) -> Account | None:
    home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    account = account_for(home.pgdata)
    mine = {os.geteuid(), account.uid if account else os.geteuid()}
    _close(home.folder, mine)
    if account:
        let_pass(account, home.pgdata)
    for part, owner in ((home.users, None), (home.sockets, account)):
        if not part.exists():
            part.mkdir(mode=0o700, exist_ok=True)  # Another process may be as quick.
            give(part, owner)
        if part.is_relative_to(home.folder):
            _close(part, mine)
        _refuse_open(part, mine)
    return account


def _my_file(home: Home) -> Path:
    me = postmaster.process(os.getpid())
    assert me is not None
    return home.users / f"{os.getpid()}-{me.started}"


def _close(part: Path, mine: set[int]) -> None:
    """Take back rights that a volume mount or a wide chmod gave to others.

    The right to pass may stay with the group: so shows an access list's entry (see `let_pass`).
    """
    found = part.lstat()
    if found.st_uid in mine and stat.S_ISDIR(found.st_mode) and found.st_mode & 0o067:
        part.chmod(stat.S_IRWXU)


def _refuse_open(part: Path, mine: set[int]) -> None:
    found = part.lstat()
    closed = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    if not (stat.S_ISDIR(found.st_mode) and found.st_uid in mine and closed):
        users = " or ".join(str(uid) for uid in sorted(mine))
        raise EmbeddedDatabaseError(
            f"{part} must be a folder of user {users}, closed to others (mode 0700); it is not."
        )

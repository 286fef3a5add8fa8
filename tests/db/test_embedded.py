"""The embedded PostgreSQL through starts, stops and kills, with real servers in fresh folders."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from support.postmasters import (
    SLEEP,
    START,
    ask,
    called,
    command_of,
    kill_all,
    kill_server,
    parent_of,
    postmaster_pid,
    run,
    said_by,
    server_processes,
    starter,
    until,
)
from tintype.db import embedded, postmaster
from tintype.db.home import bound_log, home_of
from tintype.db.postmaster import EmbeddedDatabaseError
from tintype.db.unprivileged import account_for, let_pass

pytestmark = pytest.mark.slow

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the database as another")


@pytest.fixture
def fresh() -> Iterator[Path]:
    """A database folder that does not exist yet, its path as short as a user's."""
    with _base() as base:
        yield base / "db"


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    with _base() as base:
        yield base / "db"


@pytest.fixture
def folder(shared: Path) -> Iterator[Path]:
    """A database folder that earlier tests have used; nothing runs in it."""
    yield shared
    kill_all(shared)


@contextmanager
def _base() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="tt"))
    try:
        yield base
    finally:
        for place in [path.parent for path in base.rglob("pgdata")]:
            kill_all(place)
            shutil.rmtree(home_of(place).sockets)
        shutil.rmtree(base)


async def test_a_new_folder_gets_a_durable_database_on_a_private_socket_only(fresh: Path) -> None:
    said: list[str] = []
    folder = fresh / "a b%20'é\""
    dsn = embedded.start(folder, say=said.append)
    assert said[0] == "Making the database."
    assert await ask(dsn, "SELECT current_database()") == "tintype"
    assert run(embedded.binary("psql"), dsn, "-Atc", "SELECT 2").stdout == "2\n"
    assert await ask(dsn, "SHOW listen_addresses") == ""
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert await ask(dsn, f"SHOW {setting}") == "on", setting
    assert not folder.stat().st_mode & 0o067
    for part in (home_of(folder).pgdata, home_of(folder).sockets, home_of(folder).users):
        assert stat.S_IMODE(part.stat().st_mode) == 0o700, part
    assert embedded.stop(folder)


async def test_a_second_start_attaches_and_a_stopped_server_keeps_its_data(folder: Path) -> None:
    dsn = embedded.start(folder)
    first = postmaster_pid(folder)
    assert embedded.start(folder) == dsn
    assert postmaster_pid(folder) == first
    await ask(dsn, "CREATE TABLE kept AS SELECT 7 AS n")
    assert embedded.stop(folder)
    assert not embedded.running(folder)
    assert server_processes(folder) == []
    assert await ask(embedded.start(folder), "SELECT n FROM kept") == 7
    assert embedded.stop(folder)
    assert embedded.stop(folder), "stopping what is stopped is fine"


async def test_what_was_committed_before_kill_9_of_the_whole_server_is_there(folder: Path) -> None:
    dsn = embedded.start(folder)
    await ask(dsn, "CREATE TABLE counted AS SELECT n FROM generate_series(1, 50000) n")
    for round_ in range(3):
        await ask(dsn, f"INSERT INTO counted VALUES ({-round_})")
        kill_server(folder)
        assert not embedded.running(folder)
        assert embedded.start(folder) == dsn
    assert await ask(dsn, "SELECT count(*) FROM counted") == 50003
    assert embedded.stop(folder)


async def test_a_killed_postmasters_busy_sessions_are_waited_for(folder: Path) -> None:
    dsn = embedded.start(folder)
    busy = await asyncpg.connect(dsn)
    query = "SELECT count(*) FROM generate_series(1, 8000000)"
    work = asyncio.create_task(ask(dsn, query))
    running = "SELECT count(*) FROM pg_stat_activity WHERE query = $1 AND state = 'active'"
    until_active = time.monotonic() + 5
    while not await busy.fetchval(running, query):
        await asyncio.sleep(0.02)
        assert time.monotonic() < until_active
    busy.terminate()
    os.kill(postmaster_pid(folder), signal.SIGKILL)
    embedded.start(folder, wait_seconds=30)
    assert await ask(dsn, "SELECT 1") == 1
    assert "pre-existing shared memory" in home_of(folder).log.read_text()
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await work
    assert embedded.stop(folder)


async def test_a_server_left_by_a_killed_process_is_attached_to_and_stopped(folder: Path) -> None:
    with starter(START, folder) as first:
        assert said_by(first) == "started\n"
        server = postmaster_pid(folder)
        first.kill()
    assert embedded.running(folder)
    embedded.start(folder)
    assert postmaster_pid(folder) == server
    assert embedded.stop(folder), "the dead process no longer counts as a user"
    assert server_processes(folder) == []


async def test_the_server_runs_until_its_last_user_leaves(folder: Path) -> None:
    dsn = embedded.start(folder)
    with starter(START, folder) as other:
        assert said_by(other) == "started\n"
        assert not embedded.stop(folder)
        assert await ask(dsn, "SELECT 1") == 1
        assert other.communicate("")[0] == "True\n"
    assert not embedded.running(folder)


async def test_starters_at_the_same_moment_share_one_server(fresh: Path) -> None:
    starters = [starter(START, fresh) for _ in range(4)]
    for one in starters:
        assert said_by(one) == "started\n"
    # A child has the postmaster's own command line until it sets its title.
    first = [pid for pid in server_processes(fresh) if "postgres: " not in command_of(pid)]
    main = postmaster_pid(fresh)
    assert main in first
    assert all(pid == main or parent_of(pid) in {main, None} for pid in first)
    answers = [one.communicate("")[0].strip() for one in starters]
    assert answers == ["False", "False", "False", "True"]
    assert server_processes(fresh) == []


async def test_a_stale_pid_that_belongs_to_another_process_does_not_fool_us(folder: Path) -> None:
    dsn = embedded.start(folder)
    account = account_for(home_of(folder).pgdata)
    kill_server(folder)
    owner = account.uid if account else os.getuid()
    with starter(SLEEP, owner) as stranger:
        until(lambda: Path(f"/proc/{stranger.pid}").stat().st_uid == owner)
        home = home_of(folder)
        for stale in (home.pgdata / "postmaster.pid", home.sockets / ".s.PGSQL.5432.lock"):
            lines = stale.read_text().splitlines(keepends=True)
            stale.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        assert not embedded.running(folder)
        assert embedded.start(folder, wait_seconds=60) == dsn
        assert stranger.poll() is None
        assert embedded.stop(folder)
        stranger.kill()


ZOMBIE = """
import ctypes, os, signal, subprocess, sys, time
from pathlib import Path
from tintype.db import embedded, postmaster
from tintype.db.home import home_of
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
folder = Path(sys.argv[1])
start = "import sys; from pathlib import Path; from tintype.db import embedded; "
subprocess.run([sys.executable, "-c", start + "embedded.start(Path(sys.argv[1]))", folder])
dead = postmaster.find(home_of(folder).pgdata).pid
os.kill(dead, signal.SIGKILL)
while not postmaster.process(dead).zombie:
    time.sleep(0.01)
print("zombie", flush=True)
if sys.stdin.read(1) == "r":
    began = time.monotonic()
    embedded.start(folder)
    print(time.monotonic() - began < 60, postmaster.process(dead), embedded.stop(folder))
"""


async def test_a_zombie_server_is_reaped_and_replaced_by_its_parent(folder: Path) -> None:
    with starter(ZOMBIE, folder) as parent:
        assert parent.communicate("r")[0].splitlines() == ["zombie", "True None True"]


async def test_a_zombie_server_of_a_parent_that_never_reaps_is_replaced(folder: Path) -> None:
    with starter(ZOMBIE, folder) as parent:
        assert said_by(parent) == "zombie\n"
        assert not embedded.running(folder)
        dsn = embedded.start(folder, wait_seconds=60)
        assert await ask(dsn, "SELECT 1") == 1
        assert embedded.stop(folder)


async def test_a_server_that_never_gets_ready_is_given_up_and_said_so(folder: Path) -> None:
    embedded.start(folder)
    first = postmaster_pid(folder)
    os.kill(first, signal.SIGSTOP)
    said: list[str] = []
    with pytest.raises(EmbeddedDatabaseError, match="not ready after"):
        embedded.start(folder, wait_seconds=1.2, say=said.append)
    assert any("not ready yet" in line for line in said)
    os.kill(first, signal.SIGCONT)


async def test_a_stop_that_takes_too_long_is_cut_short_and_loses_nothing(folder: Path) -> None:
    dsn = embedded.start(folder)
    await ask(dsn, "CREATE TABLE cut AS SELECT 7 AS n")
    assert embedded.stop(folder, seconds=0)
    assert "immediate shutdown" in home_of(folder).log.read_text()
    assert await ask(embedded.start(folder), "SELECT n FROM cut") == 7
    assert embedded.stop(folder)


async def test_a_long_recovery_is_waited_for_and_told(folder: Path) -> None:
    dsn = embedded.start(folder)
    await ask(dsn, "CREATE TABLE much (n int, s text)", "CHECKPOINT")
    await ask(dsn, "INSERT INTO much SELECT n, repeat('x', 900) FROM generate_series(1, 100000) n")
    kill_server(folder)
    embedded.launch(folder)
    until(
        lambda: (
            bool(startup := called(folder, "startup")) and not os.kill(startup[0], signal.SIGSTOP)
        )
    )
    assert embedded.state(folder) == "starting"
    said: list[str] = []
    with pytest.raises(EmbeddedDatabaseError, match="not ready after"):
        embedded.start(folder, wait_seconds=1.5, say=said.append)
    assert len(said) == 1
    assert "recovering after a crash" in said[0]
    os.kill(called(folder, "startup")[0], signal.SIGCONT)
    assert await ask(embedded.start(folder), "SELECT count(*) FROM much") == 100000
    assert embedded.stop(folder)


async def test_a_fault_of_the_servers_own_is_raised_with_its_words(fresh: Path) -> None:
    embedded.start(fresh)
    embedded.stop(fresh)
    with (home_of(fresh).pgdata / "postgresql.conf").open("a") as file:
        file.write("\nno_such_setting = 1\n")
    with pytest.raises(EmbeddedDatabaseError, match="no_such_setting"):
        embedded.start(fresh, wait_seconds=30)


async def test_a_folder_of_another_major_version_is_refused_by_name(fresh: Path) -> None:
    data = home_of(fresh).pgdata
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedDatabaseError, match="PostgreSQL 16"):
        embedded.start(fresh)


async def test_an_initdb_cut_short_is_done_anew(fresh: Path) -> None:
    half = fresh / "pgdata.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert await ask(embedded.start(fresh), "SELECT 1") == 1
    assert embedded.stop(fresh)


async def test_a_long_path_gets_a_short_private_socket(fresh: Path) -> None:
    deep = fresh / ("long " * 15) / ("50% é" * 8)
    dsn = embedded.start(deep)
    sockets = home_of(deep).sockets
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    assert await ask(dsn, "SELECT 1") == 1
    assert embedded.stop(deep)
    sockets.chmod(0o755)
    with pytest.raises(EmbeddedDatabaseError, match="closed to others"):
        embedded.start(deep)


def test_a_folder_opened_to_others_is_closed_again(folder: Path) -> None:
    embedded.start(folder)
    embedded.stop(folder)
    for part in (folder, home_of(folder).sockets):
        part.chmod(0o777)
    dsn = embedded.start(folder)
    assert not folder.stat().st_mode & 0o067
    assert stat.S_IMODE(home_of(folder).sockets.stat().st_mode) == 0o700
    assert run(embedded.binary("psql"), dsn, "-Atc", "SELECT 2").stdout == "2\n"
    embedded.stop(folder)


async def test_a_dropped_database_is_made_again(folder: Path) -> None:
    dsn = embedded.start(folder)
    await ask(dsn.replace("/tintype?", "/postgres?"), "DROP DATABASE tintype")
    assert await ask(embedded.start(folder), "SELECT current_database()") == "tintype"
    embedded.stop(folder)


async def test_the_log_is_bounded_and_quotes_no_row(folder: Path) -> None:
    dsn = embedded.start(folder)
    log = home_of(folder).log
    insert = "INSERT INTO t VALUES ('a secret prompt')"
    with pytest.raises(asyncpg.UniqueViolationError):
        await ask(dsn, "CREATE TABLE t (prompt text PRIMARY KEY)", insert, insert)
    assert "unique constraint" in log.read_text()
    assert "secret" not in log.read_text()
    with log.open("a") as file:
        file.write("x" * 8_000_001)
    bound_log(home_of(folder))
    assert log.stat().st_size == 0
    with pytest.raises(asyncpg.UniqueViolationError):
        await ask(dsn, insert)
    assert log.read_text().count("\n") == 1
    embedded.stop(folder)


async def test_a_dump_by_the_bundled_programs_restores(folder: Path) -> None:
    dsn = embedded.start(folder)
    await ask(dsn, "CREATE TABLE dumped AS SELECT 'ünï' AS s")
    dump = folder.parent / "dump"
    assert run(embedded.binary("pg_dump"), "-Fc", "-t", "dumped", "-f", dump, dsn).returncode == 0
    await ask(dsn, "DROP TABLE dumped")
    assert run(embedded.binary("pg_restore"), "-d", dsn, dump).returncode == 0
    assert await ask(dsn, "SELECT s FROM dumped") == "ünï"
    embedded.stop(folder)
    with pytest.raises(FileNotFoundError):
        embedded.binary("pg_dump2")


@AS_ROOT
async def test_root_opens_a_closed_parent_to_the_databases_user_alone(fresh: Path) -> None:
    closed = fresh.parent
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    dsn = embedded.start(fresh)
    account = account_for(home_of(fresh).pgdata)
    assert account is not None
    assert account.uid != 0
    seen = {"user": account.uid, "group": account.gid, "extra_groups": []}
    assert run("stat", fresh, **seen).returncode == 0
    assert run("ls", closed, **seen).returncode != 0
    seen["user"] = seen["group"] = 65534
    assert run("stat", fresh, **seen).returncode != 0
    before = os.getxattr(closed, "system.posix_acl_access")
    let_pass(account, home_of(fresh).pgdata)
    assert os.getxattr(closed, "system.posix_acl_access") == before
    assert await ask(dsn, "SELECT 1") == 1
    embedded.stop(fresh)


@AS_ROOT
def test_an_ordinary_user_needs_nothing_from_root(fresh: Path) -> None:
    shutil.chown(fresh.parent, 65534, 65534)
    with starter(START, fresh, 65534) as ordinary:
        assert ordinary.communicate("")[0] == "started\nTrue\n"
    assert home_of(fresh).pgdata.stat().st_uid == 65534
    embedded.start(fresh)  # Root keeps the fresh's owner.
    assert Path(f"/proc/{postmaster_pid(fresh)}").stat().st_uid == 65534
    embedded.stop(fresh)
    with starter(START, fresh, 65534) as again:
        assert again.communicate("")[0] == "started\nTrue\n"


@AS_ROOT
def test_another_users_folder_is_refused_by_name(folder: Path) -> None:
    embedded.start(folder)
    with starter(START, folder, 65534, stderr=subprocess.STDOUT) as stranger:
        output = stranger.communicate("")[0]
    assert f"EmbeddedDatabaseError: {folder} can't be used: [Errno 13]" in output
    embedded.stop(folder)


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_processes_look_the_same_through_proc_and_ps() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        until(
            lambda: (found := postmaster.process(child.pid)) is not None and found.name == "sleep"
        )
        told = postmaster.process_by_ps(child.pid)
        assert told is not None
        assert (told.name, told.zombie) == ("sleep", False)
        assert told == postmaster.process_by_ps(child.pid)
        child.kill()
        until(lambda: (found := postmaster.process_by_ps(child.pid)) is None or found.zombie)
    assert postmaster.process(child.pid) is None
    assert postmaster.process_by_ps(child.pid) is None

"""The supervisor as a process of its own, with real children, a real database and real signals."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from tintype.db import embedded, postmaster
from tintype.db.home import home_of

pytestmark = pytest.mark.slow

SUPERVISOR = """
import ctypes, json, os, signal, sys
from pathlib import Path
from tintype.db import embedded
from tintype.supervisor import Child, supervise

children, folder = json.loads(sys.argv[1]), sys.argv[2]
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # The tests themselves may be under nohup.
env = dict(os.environ)
if folder:
    env["DSN"] = embedded.start(Path(folder))

def child(name, code, grace_seconds=5.0):
    ready = Path(f"{name}.ready").exists if name.startswith("slow") else None
    command = [sys.executable, "-c", code, name]
    return Child(name, command, env, grace_seconds=grace_seconds, ready=ready)

sys.exit(
    supervise(
        [child(*words) for words in children],
        postgres=Path(folder) if folder else None,
        say=lambda line: print(line, flush=True),
        on_ready=lambda: print("ready", flush=True),
    )
)
"""

PID = "import os, signal, sys, time; open(sys.argv[1] + '.pid', 'w').write(str(os.getpid()));"
IDLE = f"{PID} time.sleep(60)"
# Takes a second to stop and leaves a note that it did so in peace.
POLITE = f"""
{PID}
def stop(*_):
    open(sys.argv[1] + '.told', 'w').write('told')
    time.sleep(1)
    open(sys.argv[1] + '.note', 'w').write('stopped')
    sys.exit()
signal.signal(signal.SIGTERM, stop)
open(sys.argv[1] + '.up', 'w').write('up')
time.sleep(60)
"""
# Ignores its signal, as does a grandchild in the same group.
STUBBORN = f"""
{PID}
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    open(sys.argv[1] + '.grandchild', 'w').write(str(os.getpid()))
open(sys.argv[1] + '.up', 'w').write('up')
time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="tt"))
    yield base
    if (base / "db").exists():
        found = postmaster.find(home_of(base / "db").pgdata)
        if found is not None:
            os.kill(found.pid, signal.SIGKILL)
    shutil.rmtree(base, ignore_errors=True)


@contextmanager
def supervisor(
    folder: Path, *children: tuple[object, ...], database: bool = False
) -> "Iterator[subprocess.Popen[str]]":
    """A supervisor of these children, whose notes are written to `folder`; killed in the end."""
    words = [json.dumps(children), str(folder / "db") if database else ""]
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def pid_in(file: Path) -> int:
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def alive(pid: int) -> bool:
    found = postmaster.process(pid)
    return found is not None and not found.zombie


def ended(process: "subprocess.Popen[str]", *signals: int) -> tuple[int, str, float]:
    """The exit code, the output that was not yet read and the seconds it took after `signals`."""
    began = time.monotonic()
    for number in signals:
        process.send_signal(number)
        time.sleep(0.1)
    output = process.communicate(timeout=20)[0]
    return process.returncode, output, time.monotonic() - began


def next_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_dead_child_is_started_again_ever_later(folder: Path) -> None:
    with supervisor(folder, ("api", IDLE), ("worker", IDLE)) as process:
        assert next_line(process) == "ready\n"
        other = pid_in(folder / "worker.pid")
        for delay in ("0.2", "0.4", "0.8"):
            pid = pid_in(folder / "api.pid")
            (folder / "api.pid").unlink()
            os.kill(pid, signal.SIGKILL)
            line = next_line(process)
            assert line.startswith("api was ended by signal 9"), line
            assert f"starting it again in {delay} s" in line
        assert pid_in(folder / "api.pid") != pid
        assert alive(other)
        code, _, _ = ended(process, signal.SIGTERM)
    assert code == 0
    assert not alive(other)


def test_a_dead_childs_own_children_do_not_live_on(folder: Path) -> None:
    with supervisor(folder, ("api", STUBBORN)) as process:
        grandchild = pid_in(folder / "api.grandchild")
        os.kill(pid_in(folder / "api.pid"), signal.SIGKILL)
        until(lambda: not alive(grandchild))
        ended(process, signal.SIGTERM, signal.SIGTERM)


def test_a_child_that_can_never_run_ends_everything_with_its_code(folder: Path) -> None:
    wait = "import os, time\nwhile not os.path.exists('worker.up'): time.sleep(0.02)\n"
    with supervisor(folder, ("api", wait + "exit(78)"), ("worker", POLITE)) as process:
        code, output, _ = ended(process)
    assert code == 78
    assert "api can't run (code 78); its message above says why." in output
    assert (folder / "worker.note").exists()


def test_a_child_that_dies_at_every_start_is_given_up(folder: Path) -> None:
    with supervisor(folder, ("api", "exit(3)"), ("worker", IDLE)) as process:
        code, output, seconds = ended(process)
    assert code == 1
    assert "api ended with code 3, 6 times in a row right after its start." in output
    assert seconds > 0.2 + 0.4 + 0.8 + 1.6 + 3.2


def test_a_command_that_does_not_exist_ends_everything(folder: Path) -> None:
    script = SUPERVISOR.replace("sys.executable, ", "'/no/such/program', ")
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps([("api", IDLE)]), ""],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 1
    assert "api can't be started" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_children_stop_at_the_same_time_and_in_peace(folder: Path, number: int) -> None:
    with supervisor(folder, ("api", POLITE), ("worker", POLITE)) as process:
        until(lambda: (folder / "api.up").exists() and (folder / "worker.up").exists())
        code, output, seconds = ended(process, number)
    assert code == 0
    assert "killed" not in output
    assert {path.name for path in folder.glob("*.note")} == {"api.note", "worker.note"}
    assert seconds > 1
    told, done = (
        [path.stat().st_mtime for path in folder.glob(f"*.{it}")] for it in ("told", "note")
    )
    assert max(told) < min(done), "none was waited for before the other was told"


def test_what_ignores_its_signal_is_killed_after_its_grace_with_its_group(folder: Path) -> None:
    with supervisor(folder, ("api", STUBBORN, 1.0), ("worker", POLITE)) as process:
        until(lambda: (folder / "api.up").exists() and (folder / "worker.up").exists())
        pids = [pid_in(folder / "api.pid"), pid_in(folder / "api.grandchild")]
        code, output, seconds = ended(process, signal.SIGTERM)
    assert code == 0
    assert "api did not stop within 1.0 s; it is killed." in output
    assert (folder / "worker.note").exists()
    assert 1.0 < seconds < 9, "ten seconds are the most for any"
    until(lambda: not any(map(alive, pids)))


def test_a_reader_that_went_away_does_not_keep_it_from_stopping(folder: Path) -> None:
    with supervisor(folder, ("api", STUBBORN, 0.2)) as process:
        until((folder / "api.up").exists)
        assert process.stdout is not None
        process.stdout.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) in (0, 120)  # 120: Python's own last flush failed.
    assert not alive(pid_in(folder / "api.pid"))


def test_a_second_signal_hurries(folder: Path) -> None:
    with supervisor(folder, ("api", STUBBORN, 9.0)) as process:
        until((folder / "api.up").exists)
        code, output, seconds = ended(process, signal.SIGTERM, signal.SIGINT)
    assert code == 0
    assert "it is killed" in output
    assert seconds < 8.5


def test_kill_9_of_the_supervisor_ends_its_children_in_peace(folder: Path) -> None:
    with supervisor(folder, ("api", POLITE), ("worker", IDLE)) as process:
        until((folder / "api.up").exists)
        pids = [pid_in(folder / "api.pid"), pid_in(folder / "worker.pid")]
        process.kill()
        until(lambda: not any(map(alive, pids)))
    assert (folder / "api.note").read_text() == "stopped"


def test_orphans_that_come_to_it_leave_no_zombies(folder: Path) -> None:
    orphans = "import subprocess; subprocess.run(['sh', '-c', 'setsid sleep 2.5 &']);"
    with supervisor(folder, ("api", orphans * 5 + IDLE)) as process:
        pid_in(folder / "api.pid")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        until(lambda: len(children.read_text().split()) == 6)
        until(lambda: len(children.read_text().split()) == 1)
        ended(process, signal.SIGTERM)


def test_readiness_is_told_once_when_all_are_ready(folder: Path) -> None:
    with supervisor(folder, ("api", IDLE), ("slow", IDLE)) as process:
        pid_in(folder / "slow.pid")
        time.sleep(0.3)
        (folder / "slow.ready").touch()
        assert next_line(process) == "ready\n"
        time.sleep(0.3)
        assert ended(process, signal.SIGTERM)[1] == ""


# While it stops, the child must still find the database: it writes its last words there.
LAST_WORDS = """
import asyncio, asyncpg, os, signal, sys
async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    open(sys.argv[1] + '.up', 'w').write('up')
    await stop.wait()
    line = await asyncpg.connect(os.environ['DSN'])
    await line.execute("INSERT INTO words VALUES ('last')")
    await line.close()
asyncio.run(main())
"""


async def _ask(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_killed_database_comes_back_and_is_stopped_last(folder: Path) -> None:
    place = folder / "db"
    with supervisor(folder, ("api", LAST_WORDS), database=True) as process:
        assert next_line(process) == "ready\n"
        until((folder / "api.up").exists)
        dsn = embedded.dsn(place)
        await _ask(dsn, "CREATE TABLE words (word text)")
        for _ in range(2):
            found = postmaster.find(home_of(place).pgdata)
            assert found is not None
            os.kill(found.pid, signal.SIGKILL)
            assert next_line(process) == "The database is away; it is brought back.\n"
            line = next_line(process)
            while line.startswith("The database can't be started yet"):
                # What the killed one left behind still holds its memory; the next try is soon.
                line = next_line(process)
            assert line.startswith("The database is back after")
            assert await _ask(dsn, "SELECT count(*) FROM words") == 0
        code, output, seconds = ended(process, signal.SIGTERM)
    assert (code, output) == (0, "")
    assert seconds < 9, "neither the child nor the database took all of its time"
    assert embedded.state(place) == "stopped"
    assert await _ask(embedded.start(place), "SELECT word FROM words") == "last"
    assert embedded.stop(place)


async def test_a_killed_supervisors_database_is_taken_over_by_the_next(folder: Path) -> None:
    place = folder / "db"
    with supervisor(folder, ("api", LAST_WORDS), database=True) as process:
        until((folder / "api.up").exists)
        process.kill()
    assert embedded.running(place)
    (folder / "api.up").unlink()
    with supervisor(folder, ("api", LAST_WORDS), database=True) as process:
        until((folder / "api.up").exists)
        await _ask(embedded.dsn(place), "CREATE TABLE words (word text)")
        assert ended(process, signal.SIGTERM)[0] == 0
    assert embedded.state(place) == "stopped"

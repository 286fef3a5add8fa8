"""One small process that keeps Tintype's others alive and ends them together.

It imports neither the web server nor the database client: it stays resident beside them. It sleeps
until a signal comes (a child's death is one) or the next thing is due. Each child leads a session
of its own and gets its stop signal from the kernel when this process dies, however it dies. The
embedded database belongs to no child: it survives this process and the next one attaches to it.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tintype.db import embedded
from tintype.db.home import bound_log, home_of
from tintype.db.postmaster import EmbeddedDatabaseError

FATAL_EXIT_CODE = 78  # sysexits.h: EX_CONFIG. A child says: starting me again won't help.

_FIRST_DELAY_SECONDS, _LAST_DELAY_SECONDS = 0.2, 5.0
_HEALTHY_SECONDS = 30.0
_EARLY_SECONDS, _EARLY_DEATHS = 3.0, 6
# Together under 15 s, with a second for what has to be killed.
_CHILDREN_STOP_SECONDS, _DATABASE_STOP_SECONDS = 10.0, 4.0
_DATABASE_WAIT_SECONDS = 600.0
_LOOK_SECONDS = 0.5
_READY_LOOK_SECONDS = 0.1
_LOG_LOOK_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Child:
    """A process to keep running.

    At a stop it gets `stop_signal` and `grace_seconds` to finish (at most 10 s), then its whole
    process group is killed. With `fatal_exit_code` it tells that it can't run, having said why on
    its stderr: then everything ends. `ready`, if given, is asked every 0.1 s until it says so.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 10.0
    fatal_exit_code: int = FATAL_EXIT_CODE
    ready: Callable[[], bool] | None = None


@dataclass
class _Running:
    """What has become of a child; `pid` is None while it waits to be started again."""

    child: Child
    pid: int | None = None
    started: float = 0.0
    due: float = 0.0
    delay: float = 0.0
    early_deaths: int = 0
    ready: bool = False


@dataclass
class _Database:
    """What has become of the embedded database of `folder`."""

    folder: Path
    away_since: float | None = None
    due: float = 0.0
    delay: float = 0.0
    log_due: float = 0.0


@dataclass
class _House:
    """All that one call of `supervise` keeps: it ends when `verdict` is set."""

    running: list[_Running]
    database: _Database | None
    say: Callable[[str], None]
    on_ready: Callable[[], None] | None
    signals: list[int] = field(default_factory=list)
    verdict: int | None = None


def supervise(
    children: Sequence[Child],
    *,
    postgres: Path | None,
    say: Callable[[str], None],
    on_ready: Callable[[], None] | None = None,
) -> int:
    """Keep `children` and the database running until SIGINT, SIGTERM or SIGHUP; the exit code.

    `postgres` is the folder given to `embedded.start` by this same process before, or None for a
    database that is not ours. `on_ready` is called once, when every child said it is ready.
    Returns 0 after a clean stop, a child's fatal code, or 1 when a child dies at once again and
    again or the database stays away for 10 minutes. Must run in the main thread.
    """

    def tell(line: str) -> None:
        with contextlib.suppress(OSError):  # A closed terminal or pipe must not end the house.
            say(line)

    house = _House(
        [_Running(child) for child in children],
        _Database(postgres) if postgres else None,
        tell,
        on_ready,
    )
    with _woken_by_signals(house.signals) as wake:
        try:
            while not _decided(house):
                _start_due(house)
                _watch_ready(house)
                _sleep(wake, _next_look(house))
        finally:
            house.verdict = 1 if house.verdict is None else house.verdict
            left = _stop(house, wake)
    return house.verdict or left


def _decided(house: _House) -> bool:
    _reap(house)
    if house.verdict is None and house.signals:
        house.verdict = 0
    if house.verdict is None:
        _watch_database(house)
    return house.verdict is not None


@contextlib.contextmanager
def _woken_by_signals(received: list[int]) -> Iterator[socket.socket]:
    """Collect stop signals in `received`; any signal makes the yielded socket readable."""

    def note(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            received.append(number)

    reading, writing = socket.socketpair()
    with reading, writing:
        reading.setblocking(False)
        writing.setblocking(False)
        numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGCHLD]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # As nohup would have set it.
            numbers.append(signal.SIGHUP)
        before = [signal.signal(number, note) for number in numbers]
        woken = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


def _sleep(wake: socket.socket, seconds: float) -> None:
    if select.select([wake], [], [], max(seconds, 0.0))[0]:
        with contextlib.suppress(BlockingIOError):
            wake.recv(4096)


def _next_look(house: _House) -> float:
    """Seconds until something is due; a child's death and a signal wake us before."""
    now = time.monotonic()
    waits = [it.due - now for it in house.running if it.pid is None]
    if house.database:
        waits.append(_LOOK_SECONDS)
    if house.on_ready:
        waits.append(_READY_LOOK_SECONDS)
    return min(waits, default=_LOG_LOOK_SECONDS)


def _start_due(house: _House) -> None:
    now = time.monotonic()
    for it in house.running:
        if it.pid is None and it.due <= now:
            try:
                it.pid, it.started = _spawn(it.child), now
            except OSError as error:
                house.say(f"{it.child.name} can't be started: {error}")
                house.verdict = 1
                return


def _spawn(child: Child) -> int:
    me = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def follow_parent() -> None:
        """In the child before it becomes the command: end with the supervisor."""
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, child.stop_signal, 0, 0, 0)
            if os.getppid() != me:  # It died before it could be followed.
                os._exit(1)

    process = subprocess.Popen(  # noqa: S603 - Our own commands.
        child.command,
        env=dict(child.env),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=follow_parent,  # noqa: PLW1509 - There is only this thread.
    )
    process.returncode = 0  # _reap waits for every process by its pid.
    return process.pid


def _reap(house: _House) -> None:
    """Wait for whatever has ended: children, and as PID 1 any orphan, so that no zombie stays."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        for it in house.running:
            if it.pid == pid:
                it.pid = None
                _kill(pid)  # Its own children must not live on beside those of its successor.
                if house.verdict is None:
                    _plan_restart(house, it, os.waitstatus_to_exitcode(status))


def _plan_restart(house: _House, it: _Running, code: int) -> None:
    now = time.monotonic()
    lived = now - it.started
    how = f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}"
    if house.signals:
        return
    if code == it.child.fatal_exit_code:
        house.say(f"{it.child.name} can't run (code {code}); its message above says why.")
        house.verdict = code
        return
    database_away = house.database is not None and house.database.away_since is not None
    if lived >= _EARLY_SECONDS:
        it.early_deaths = 0
    elif not database_away:
        it.early_deaths += 1
    if it.early_deaths >= _EARLY_DEATHS:
        house.say(f"{it.child.name} {how}, {it.early_deaths} times in a row right after its start.")
        house.verdict = 1
        return
    it.delay = _grown(0.0 if lived >= _HEALTHY_SECONDS else it.delay)
    it.due = now + it.delay
    house.say(f"{it.child.name} {how} after {lived:.1f} s; starting it again in {it.delay:.1f} s.")


def _grown(delay: float) -> float:
    return min(max(delay * 2, _FIRST_DELAY_SECONDS), _LAST_DELAY_SECONDS)


def _watch_database(house: _House) -> None:
    """Start the database again when it is gone, and tell how long it was away."""
    database, now = house.database, time.monotonic()
    if database is None:
        return
    if now >= database.log_due:
        bound_log(home_of(database.folder))
        database.log_due = now + _LOG_LOOK_SECONDS
    state = embedded.state(database.folder)
    if state == "ready":
        if database.away_since is not None:
            house.say(f"The database is back after {now - database.away_since:.1f} s.")
        database.away_since, database.delay = None, 0.0
        return
    if database.away_since is None:
        database.away_since = now
        house.say("The database is away; it is brought back.")
    if now - database.away_since > _DATABASE_WAIT_SECONDS:
        house.say("The database stayed away for 10 minutes.")
        house.verdict = 1
    elif state == "stopped" and now >= database.due:
        try:
            embedded.launch(database.folder)
        except (EmbeddedDatabaseError, OSError) as error:
            database.delay = _grown(database.delay)
            database.due = time.monotonic() + database.delay
            house.say(f"The database can't be started yet: {error}")


def _watch_ready(house: _House) -> None:
    if house.on_ready is None:
        return
    for it in house.running:
        it.ready = it.ready or it.child.ready is None or it.child.ready()
    if all(it.ready for it in house.running):
        house.on_ready()
        house.on_ready = None


def _stop(house: _House, wake: socket.socket) -> int:
    """End the children all at once, then the database; a second signal cuts the waiting short.

    Returns 0, or 1 if something lives on that should not.
    """
    began = time.monotonic()
    seen = len(house.signals)
    for it in house.running:
        if it.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(it.pid, it.child.stop_signal)
    killed: set[int] = set()
    while any(it.pid is not None for it in house.running):
        passed = time.monotonic() - began
        if passed > _CHILDREN_STOP_SECONDS + 1:
            house.say("Some processes can't be killed.")
            break
        for it in house.running:
            patience = min(it.child.grace_seconds, _CHILDREN_STOP_SECONDS)
            late = passed >= patience or len(house.signals) > seen
            if it.pid is not None and it.pid not in killed and late:
                house.say(f"{it.child.name} did not stop within {passed:.1f} s; it is killed.")
                killed.add(it.pid)
                _kill(it.pid)
        _sleep(wake, 0.05)
        _reap(house)
    left = int(any(it.pid is not None for it in house.running))
    if house.database is None:
        return left
    seconds = 0.5 if len(house.signals) > seen else _DATABASE_STOP_SECONDS
    return _stop_database(house, house.database, seconds) or left


def _stop_database(house: _House, database: _Database, seconds: float) -> int:
    try:
        if not embedded.stop(database.folder, seconds=seconds):
            house.say("The database runs on: another Tintype process uses it.")
    except (EmbeddedDatabaseError, OSError) as error:
        house.say(f"The database did not stop: {error}")
        return 1
    return 0


def _kill(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)

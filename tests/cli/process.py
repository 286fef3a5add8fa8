"""The command as a real process: one that ends, and a house that stands."""

import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "tintype.cli.app"]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TINTYPE_")}
    return clean | more


@functools.cache
def _warm() -> "subprocess.Popen[str]":
    """The process whose forks are our commands: see `warm.py`. It ends with its stdin, so with us."""
    return subprocess.Popen(
        [sys.executable, Path(__file__).with_name("warm.py")],
        # Its forks would lose the threads that numpy's linear algebra starts at import.
        env=environment(OPENBLAS_NUM_THREADS="1"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def tintype(
    *words: object, url: str = "", stdin: str = "", cwd: Path | None = None, **more: str
) -> Done:
    """One command to its end, on the database at `url` if given."""
    if url:
        more["TINTYPE_DATABASE_URL"] = url
    warm = _warm()
    assert warm.stdin is not None
    assert warm.stdout is not None
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        files = {name: Path(folder, name) for name in ("stdin", "out", "err")}
        for file in files.values():
            file.touch()
        files["stdin"].write_text(stdin)
        task = {
            "words": [str(word) for word in words], "environment": environment(**more),
            "cwd": str(cwd or Path.cwd()), **{name: str(file) for name, file in files.items()},
        }  # fmt: skip
        warm.stdin.write(json.dumps(task) + "\n")
        warm.stdin.flush()
        code = int(warm.stdout.readline())
        return Done(code, files["out"].read_text(), files["err"].read_text())


@dataclass
class Standing:
    """A running `tintype serve`; `log` is all that it and its children wrote."""

    process: "subprocess.Popen[bytes]"
    output: Path
    port: int = 0
    ready_after: float = 0.0

    @property
    def log(self) -> str:
        return self.output.read_text()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        found = re.search(r"API key +(tt_live_\w+)", self.log)
        assert found is not None, self.log
        return found[1]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """The exit code, and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(timeout=60), time.monotonic() - began


@contextmanager
def serve(folder: Path, *words: str, port: int = 0, **more: str) -> Iterator[Standing]:
    """A house that stands; killed in the end if it still does."""
    output = folder.parent / f"{folder.name}-{time.monotonic_ns()}.log"
    with output.open("wb") as log:
        began = time.monotonic()
        command = [*COMMAND, "serve", "--data", str(folder), "--port", str(port), *words]
        process = subprocess.Popen(
            command, env=environment(**more), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    standing = Standing(process, output)
    try:
        until(lambda: "Tintype answers at" in standing.log or process.poll() is not None, 60)
        standing.ready_after = time.monotonic() - began
        if found := re.search(r"answers at http://[^:]+:(\d+)", standing.log):
            standing.port = int(found[1])
        yield standing
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            finally:
                process.kill()


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, more = set(), {pid}
    while more:
        found |= more
        more = {child for child, parent in parents.items() if parent in found} - found
    return found


def pss_mb(pid: int) -> float:
    """The memory of a process, its shared pages counted by share, in MB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024

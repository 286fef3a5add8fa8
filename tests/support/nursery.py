"""A process with all loaded that workers need, and forks of it: a start then takes no two seconds.

As a script it is that process. It runs single-threaded until it forks, reads a line of JSON for
each thing to do from stdin and answers with a line each.
"""

import atexit
import contextlib
import functools
import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Forked:
    """What runs in a fork, with the part of `subprocess.Popen` that tests need."""

    def __init__(self, script: str, folder: Path, environment: Mapping[str, str]) -> None:
        asked = {"script": script, "folder": str(folder), "environment": dict(environment)}
        self.pid: int = _ask(asked)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = _ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("a fork", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


@functools.cache
def _nursery() -> "subprocess.Popen[bytes]":
    made = subprocess.Popen(
        [sys.executable, __file__],
        # Its forks would lose the threads that numpy's linear algebra starts at import.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    atexit.register(made.communicate)  # It ends when its stdin does.
    return made


def _ask(asked: dict[str, Any]) -> Any:
    nursery = _nursery()
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(json.dumps(asked).encode() + b"\n")
    nursery.stdin.flush()
    return json.loads(nursery.stdout.readline())


def _serve() -> None:
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        answer = _ended(asked["ended"]) if "ended" in asked else _fork(**asked)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _ended(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _fork(script: str, folder: str, environment: dict[str, str]) -> int:
    if pid := os.fork():
        return pid
    code = 1
    with contextlib.suppress(BaseException):
        code = _be(script, folder, environment)
    os._exit(code)


def _be(script: str, folder: str, environment: dict[str, str]) -> int:
    """Run as `python script` would there."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = [script]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


if __name__ == "__main__":
    import tintype.cli.worker  # noqa: F401

    _serve()

"""Commands in forks of one process that has imported everything: real processes without the wait.

Reads one JSON line per command (`words, environment, cwd, stdin, out, err`), answers its exit code.
"""

import importlib
import json
import os
import sys
import traceback
from pathlib import Path

from tintype.cli import app


def run(task) -> int:
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        for number, (name, flags) in enumerate(
            [(task["stdin"], os.O_RDONLY), (task["out"], os.O_WRONLY), (task["err"], os.O_WRONLY)]
        ):
            os.dup2(os.open(name, flags), number)
        # What was read of the parent's stdin ahead belongs to the parent.
        sys.stdin = os.fdopen(0, closefd=False)
        os.environ.clear()
        os.environ.update(task["environment"])
        os.chdir(task["cwd"])
        sys.argv = ["tintype", *task["words"]]
        app.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    for entry in app.COMMANDS:
        importlib.import_module(entry.module)
    assert len(list(Path("/proc/self/task").iterdir())) == 1, "a fork would lose threads"
    for line in sys.stdin:
        print(run(json.loads(line)), flush=True)

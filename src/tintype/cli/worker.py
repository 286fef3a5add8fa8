"""The worker process that `serve` and `tintype worker` start.

Given a path, it makes an empty file there once it takes jobs.
"""

import asyncio
import sys
from pathlib import Path

import uvloop

from tintype import worker
from tintype.cli import rooms
from tintype.core.settings import Settings, SettingsError, load
from tintype.supervisor import FATAL_EXIT_CODE


def run_worker(settings: Settings, ready: Path | None) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(worker.run(settings, on_ready=ready.touch if ready else lambda: None))


if __name__ == "__main__":
    try:
        chosen = load()
    except SettingsError as fault:
        sys.stderr.write(f"tintype: {fault}\n")
        sys.exit(FATAL_EXIT_CODE)
    with rooms.joined():
        run_worker(chosen, Path(sys.argv[1]) if len(sys.argv) > 1 else None)

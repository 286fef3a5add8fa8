"""The worker process that `serve` starts; also `tintype worker`."""

import asyncio

import uvloop

from tintype import worker
from tintype.core.settings import Settings, load


def run_worker(settings: Settings) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(worker.run(settings))


if __name__ == "__main__":
    run_worker(load())

"""What the worker runs for generations."""

from datetime import timedelta
from functools import partial

from tintype.generations.operations import ENTRYPOINT
from tintype.generations.run import run
from tintype.generations.studio import Studio
from tintype.queue import Run


def jobs(studio: Studio) -> dict[str, Run]:
    work: Run = partial(_run, studio)
    return {ENTRYPOINT: work}


async def _run(studio: Studio, generation_id: str) -> timedelta | None:
    return await run(studio, generation_id)

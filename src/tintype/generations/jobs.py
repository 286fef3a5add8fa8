"""What the worker runs for generations."""

from functools import partial

from tintype.generations.run import run
from tintype.generations.studio import Studio
from tintype.generations.submit import ENTRYPOINT
from tintype.queue import Run


def jobs(studio: Studio) -> dict[str, Run]:
    work: Run = partial(run, studio)
    return {ENTRYPOINT: work}

"""What the worker runs for generations."""

from functools import partial

from tintype.catalog.models import catalog
from tintype.generations.run import run
from tintype.generations.submit import entrypoint
from tintype.generations.workshop import Workshop
from tintype.queue import Run


def jobs(workshop: Workshop) -> dict[str, Run]:
    """A kind of job for each engine that this worker has."""
    work: Run = partial(run, workshop)
    served = workshop.engines.by_model
    return {entrypoint(it.engine): work for it in catalog().models if it.id in served}


def limits(workshop: Workshop) -> dict[str, int]:
    """How many jobs of an engine run at once over all workers, where the settings say so."""
    found = workshop.settings.engines.limits()
    return {entrypoint(engine): most for engine, most in found.items()}

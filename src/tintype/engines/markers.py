"""The sandbox's markers: words in a prompt by which a client forces what providers do wrong.

They count in sandbox jobs alone (`livemode` false); a live job's prompt is never searched.
"""

from collections.abc import Mapping
from typing import Final

from tintype.engines.base import EngineFault, Job
from tintype.engines.threads import Run

MAGIC: Final[Mapping[str, str]] = {
    "__provider_500__": "Every attempt fails as a provider's own fault; retried, then failed.",
    "__rejected__": "Refused by the engine's content rules; not retried.",
    "__timeout__": "The engine took too long; not retried.",
    "__flaky__": "The first attempt fails as a provider's fault, the next one works.",
    "__half_500__": "Work with an odd seed fails as __provider_500__: every second variant.",
    "__half_rejected__": "Work with an odd seed is refused: every second variant.",
    "__slow_5s__": "Five seconds of reported progress before the drawing.",
}
_SLOW_SECONDS = 5.0
_SLOW_SHARE = 0.9  # Of the progress that is reported; the drawing has the rest.
_POLL_SECONDS = 0.05


def fail_if_asked(job: Job) -> None:
    """Raise the `EngineFault` that a sandbox prompt asks for."""
    if job.livemode:
        return
    # The variants of one request have seeds that follow one another.
    odd = job.seed % 2 == 1
    if "__provider_500__" in job.prompt or (odd and "__half_500__" in job.prompt):
        raise EngineFault("PROVIDER_ERROR", "A forced provider fault.", retryable=True)
    if "__rejected__" in job.prompt or (odd and "__half_rejected__" in job.prompt):
        raise EngineFault("CONTENT_REJECTED", "A forced refusal of the content.")
    if "__timeout__" in job.prompt:
        raise EngineFault("TIMEOUT", "A forced timeout.")
    if "__flaky__" in job.prompt and job.attempt == 1:
        raise EngineFault("PROVIDER_ERROR", "A forced fault of the first attempt.", retryable=True)


async def wait_if_asked(job: Job, run: Run) -> None:
    """Let the time pass that a sandbox prompt asks for."""
    if not job.livemode and "__slow_5s__" in job.prompt:
        await run.wait(_SLOW_SECONDS, share=_SLOW_SHARE, poll_seconds=_POLL_SECONDS)


def without_markers(job: Job) -> str:
    """The prompt for whoever draws what it says."""
    prompt = job.prompt
    if not job.livemode:
        for marker in MAGIC:
            prompt = prompt.replace(marker, " ")
    return prompt

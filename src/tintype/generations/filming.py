"""Reels as an engine is given them: pictures in their order, and a storyboard.

The storyboard is the work's recipe: `title`, `captions` (one or None for each picture),
`transition`, `voice`, `background` and `accent`. It is decided by who asks; here its parts find
their places in a job.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tintype.engines.base import Job
from tintype.generations.sources import Given


def filmed(job: Job, storyboard: Mapping[str, Any], given: Given, seconds: float, fps: int) -> Job:
    """The job of a reel; a sound file comes behind the pictures, and is known by its place."""
    background: Mapping[str, Any] | None = storyboard.get("background")
    references = given.blobs
    if given.sound is not None:
        background = {"audio": len(references)}
        references = (*references, given.sound)
    elif background is not None:
        background = {"mood": background["mood"]}
    told = {name: storyboard.get(name) for name in ("title", "captions", "transition", "accent")}
    return replace(
        job,
        operation="reel",
        references=references,
        extra={
            **told,
            "voice": storyboard.get("voice"),
            "background": background,
            "focal_points": list(given.focal_points),
            "duration_seconds": seconds,
            "fps": fps,
        },
    )

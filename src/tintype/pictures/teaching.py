"""What pictures tell the agent: verdicts with what was done, and how they look."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any, Final

from tintype.agent import operations as agent
from tintype.agent.models import Judgement, Subject
from tintype.agent.strengths import WHOLE, strengths_of
from tintype.catalog.models import catalog
from tintype.core import log
from tintype.core.errors import TintypeError
from tintype.db.pool import Row, Transaction
from tintype.images.models import Approval
from tintype.media.inspect import Limits
from tintype.media.retouch.profile import Profile, profile
from tintype.pictures import queries
from tintype.storage import MissingObject, Storage

_log: Final = log.get("tintype.pictures")


async def tones(
    storage: Storage, pixels: Executor, object_key: str, limits: Limits
) -> Profile | None:
    """How a stored picture looks; None where its bytes can't be had now.

    No verdict and no upload is refused because the agent has nothing to look at.
    """
    try:
        data = await storage.get(object_key)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pixels, profile, data, limits)
    except (TintypeError, MissingObject):
        return None
    except Exception as fault:  # noqa: BLE001  Whatever it was, the picture itself is there.
        _log.error("no look at a picture", exc_info=fault)
        return None


async def teach(
    tx: Transaction, row: Row, approval: Approval, judged_by: str | None, look: Profile | None
) -> None:
    """Let the agent learn from a verdict; `row` is the picture's."""
    organization_id = row["organization_id"]
    judgement = Judgement(
        picture_id=row["id"],
        enhancement_id=row["generation_id"] or row["id"],
        project_id=row["project_id"],
        scene_type=row["scene_type"],
        scene_location=row["scene_location"],
        approved=approval == "approved",
        judged_by=judged_by,
        strengths=_strengths(await queries.recipes(tx, organization_id, row["id"])),
        profile=look,
    )
    await agent.learn(tx, organization_id, judgement)


def subject_of(row: Row, look: Profile | None) -> Subject:
    return Subject(
        picture_id=row["id"], project_id=row["project_id"], scene_type=row["scene_type"],
        scene_location=row["scene_location"], profile=look,
    )  # fmt: skip


def _strengths(rows: Iterable[Row]) -> dict[str, int]:
    """Every action that the picture went through, each with how much of it was done at last."""
    found: dict[str, int] = {}
    for row in rows:
        recipe: dict[str, Any] = row["recipe"] or {}
        names = recipe.get("actions", [])
        if _retouches(row["model"]):
            variant = row["variant"]
            # The seed that the run gave this variant.
            found |= strengths_of(names, recipe.get("steps", []), variant, row["seed"] + variant)
        else:
            found |= dict.fromkeys(names, WHOLE)
    return found


def _retouches(model_id: str) -> bool:
    """Whether it goes by steps; who reads words does as much as it sees fit."""
    return any(model.id == model_id and model.built_in for model in catalog().models)

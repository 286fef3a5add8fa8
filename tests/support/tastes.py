"""Raters with a taste that nobody else knows, raters without one, and what both said of pictures."""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from support.house import House, Tenant
from tintype.agent import operations
from tintype.agent.choosing import Scene
from tintype.agent.learning import Trial
from tintype.agent.models import Judgement
from tintype.catalog.actions import actions
from tintype.core import ids

NOISE = 0.1
LIVING_ROOM: Scene = ("interior", "living_room")
KITCHEN: Scene = ("interior", "kitchen")
FACADE: Scene = ("exterior", "facade")
# What is usually asked for in a house: six that nothing forbids together, and two of one style.
POOL = (
    "declutter-medium", "finishing-crisp", "interior-decoration-medium", "interior-style-japandi",
    "interior-style-boho", "light-exposure-lift", "light-warm", "straighten-vertical",
)  # fmt: skip


class Rater(Protocol):
    def approves(self, chosen: Iterable[str]) -> bool: ...


@dataclass
class Tasteful:
    """Approves what has none but liked actions, and errs now and then."""

    dice: random.Random
    liked: frozenset[str]
    noise: float = NOISE

    def approves(self, chosen: Iterable[str]) -> bool:
        return (set(chosen) <= self.liked) != (self.dice.random() < self.noise)


@dataclass
class Tasteless:
    """Says yes and no at random."""

    dice: random.Random
    rate: float = 0.5

    def approves(self, _: Iterable[str]) -> bool:
        return self.dice.random() < self.rate


def tasteful(seed: int, pool: Sequence[str] = POOL) -> Tasteful:
    """One that likes half of the pool."""
    dice = random.Random(seed)
    return Tasteful(dice, frozenset(dice.sample(pool, len(pool) // 2)))


def asked_for(dice: random.Random, pool: Sequence[str] = POOL, most: int = 2) -> tuple[str, ...]:
    """One to `most` actions that may be chosen together."""
    while True:
        names = tuple(sorted(dice.sample(pool, dice.randint(1, most))))
        if _fit(names):
            return names


def said(
    rater: Rater, dice: random.Random, scenes: Sequence[Scene], count: int = 40, most: int = 2
) -> list[tuple[Scene, Trial]]:
    """So many verdicts, over these scenes in turn."""
    made = []
    for _, scene in zip(range(count), itertools.cycle(scenes), strict=False):
        names = asked_for(dice, most=most)
        liked = rater.approves(names)
        made.append((scene, Trial(names, int(liked), int(not liked))))
    return made


def by_scene(verdicts: Iterable[tuple[Scene, Trial]]) -> dict[Scene, list[Trial]]:
    found: dict[Scene, list[Trial]] = defaultdict(list)
    for scene, trial in verdicts:
        found[scene].append(trial)
    return dict(found)


async def originals(
    house: House, me: Tenant, project_id: str, count: int, organization_id: str | None = None
) -> list[str]:
    """Ids of completed pictures of the project, as rows alone."""
    made = [ids.new("img") for _ in range(count)]
    async with house.database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO images (id, organization_id, project_id, source, livemode, object_key,
                format, has_alpha, width, height, bytes, sha256, thumbhash)
            SELECT id, $2, $3, 'uploaded', true, 'masters/none', 'jpeg', false, 8, 8, 1, '', ''
            FROM unnest($1::text[]) AS id
            """,
            made, organization_id or me.organization_id, project_id,
        )  # fmt: skip
    return made


def judgement(
    picture_id: str, project_id: str, scene: Scene, names: Iterable[str], approved: bool,
    **more: object,
) -> Judgement:  # fmt: skip
    return Judgement(**{
        "picture_id": picture_id, "enhancement_id": picture_id, "project_id": project_id,
        "scene_type": scene[0], "scene_location": scene[1], "approved": approved,
        "strengths": dict.fromkeys(names, 100), **more,
    })  # type: ignore[arg-type] # fmt: skip


async def teach(house: House, me: Tenant, judgements: Iterable[Judgement]) -> None:
    async with house.database.transaction() as tx:
        for it in judgements:
            await operations.learn(tx, me.organization_id, it)


async def turn_on(house: House, me: Tenant, mode: str = "suggest", **more: object) -> None:
    changed = await house.ask("PATCH", "/v1/agent", key=me, json={"mode": mode, **more})
    assert changed.status == 200, changed.body


def _fit(names: Sequence[str]) -> bool:
    slots = [slot for name in names for slot in actions().by_id[name].slots]
    return len(slots) == len(set(slots))

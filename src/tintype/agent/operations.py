"""The agent: what it may do, what it learns from verdicts, what it suggests, what it forgets.

Nothing that is learned is stored: it is worked out from the verdicts that stand, each time. So the
order in which they came plays no part, and what is forgotten leaves no trace.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from tintype.accounts.models import require_feature
from tintype.agent import queries, views
from tintype.agent.choosing import Scene, Trials, by_scene, choose, known_of, known_of_all
from tintype.agent.models import (
    PICTURES_SHOWN,
    Agent,
    ChangeAgent,
    ForgetPreferences,
    Judgement,
    Preference,
    SceneLearned,
    Settings,
    Subject,
    Suggestion,
)
from tintype.agent.strengths import steps_for
from tintype.agent.tone import Look, looks, wishes
from tintype.agent.views import Behind
from tintype.api.tags import Tags, require_match
from tintype.catalog.scenes import check_scene, check_scene_type
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Forbidden, NotFound, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.keys import operations as keys

_PREFERENCE: Final = re.compile(r"([a-z0-9_]{0,64}):([a-z0-9_]{0,64}):([a-z0-9-]{1,64})")
# Looks are learned from so many of the newest pictures of a scene type, and from no fewer of either
# verdict than this.
_LOOKED_AT: Final = 400
_LOOKS_LEAST: Final = 8


async def settings_of(tx: Transaction, organization_id: str, *, lock: bool = False) -> Settings:
    """Off where nobody said anything."""
    row = await queries.settings(tx, organization_id, lock=lock)
    return Settings() if row is None else Settings(**row)


async def get(tx: Transaction, caller: Caller) -> Agent:
    """The agent with all that it learned."""
    _check_unbound(caller)
    organization_id = caller.organization_id
    settings = await settings_of(tx, organization_id)
    used = await queries.spent_today(tx, organization_id)
    counts = {_scene_of(row): row for row in await queries.counts(tx, organization_id)}
    trials = by_scene(await queries.trials(tx, organization_id))
    kinds = dict.fromkeys(kind for kind, _ in counts)
    behind = {
        kind: await _behind(tx, organization_id, kind, _actions_in(trials, kind), None)
        for kind in kinds
    }
    seen = {
        kind: await queries.profiles(tx, organization_id, kind, _LOOKED_AT) for kind in kinds
    }  # fmt: skip

    def work() -> list[SceneLearned]:
        return [
            views.to_scene(
                known, (counts[known.scene]["approved"], counts[known.scene]["rejected"]),
                settings, behind[known.scene[0]], _looks(seen[known.scene[0]], known.scene[1]),
            )
            for known in known_of_all(trials, counts)
        ]  # fmt: skip

    # Many scenes with many verdicts take a while, in which others are to be served.
    return views.to_agent(settings, used, await asyncio.to_thread(work))


async def change(
    tx: Transaction, caller: Caller, ask: ChangeAgent, *, expected: Tags | None
) -> Agent:
    """Change what `ask` sets, if the settings are those `expected`.

    Refused to a bound key, and to one with a spend cap, which what the agent spends would pass by.
    """
    require_feature(caller, "agent")
    _check_unbound(caller)
    keys.require_no_cap(caller, "change what the agent may do")
    fields = await _checked(tx, caller, ask)
    await queries.begin(tx, caller.organization_id, Settings()._asdict())
    now = await settings_of(tx, caller.organization_id, lock=True)
    require_match(views.own_part(expected), views.own_version(now))
    await queries.change(tx, caller.organization_id, now._asdict() | fields)
    return await get(tx, caller)


async def preferences(
    tx: Transaction, caller: Caller, scene_type: str | None = None
) -> list[Preference]:
    """Of every scene (of one type, where it is given), by scene, the most approved first."""
    _check_unbound(caller)
    organization_id = caller.organization_id
    settings = await settings_of(tx, organization_id)
    trials = by_scene(await queries.trials(tx, organization_id))
    scenes = [scene for scene in trials if scene_type in {None, scene[0]}]
    behind = {
        kind: await _behind(tx, organization_id, kind, _actions_in(trials, kind), None)
        for kind in dict.fromkeys(kind for kind, _ in scenes)
    }

    def work() -> list[Preference]:
        return [
            preference for known in known_of_all(trials, scenes)
            for preference in views.own_preferences(known, settings, behind[known.scene[0]])
        ]  # fmt: skip

    return await asyncio.to_thread(work)


async def learn(tx: Transaction, organization_id: str, judgement: Judgement) -> None:
    """Take a verdict into account, in the place of an earlier one on the same picture.

    An agent that is off learns nothing, and keeps no verdict that no longer stands.
    """
    settings = await settings_of(tx, organization_id)
    if settings.mode == "off":
        await queries.unlearn(tx, organization_id, judgement.picture_id)
        return
    strengths = dict(sorted(judgement.strengths.items()))
    fields = {name: getattr(judgement, name) for name in judgement.__slots__} | {
        "actions": list(strengths), "strengths": list(strengths.values()),
        "profile": None if judgement.profile is None else list(judgement.profile),
    }  # fmt: skip
    await queries.judge(tx, organization_id, fields)


async def describe(
    tx: Transaction,
    organization_id: str,
    picture_id: str,
    scene_type: str | None,
    scene_location: str | None,
) -> None:
    """A picture shows another scene than was said: its verdict is about that one."""
    await queries.describe(tx, organization_id, picture_id, scene_type, scene_location)


async def forget(tx: Transaction, caller: Caller, ask: ForgetPreferences) -> int:
    """Forget the verdicts that `ask` means; how many they were.

    Raises ValidationFailed where it names none and doesn't say that all are meant, or does both.
    """
    _check_unbound(caller)
    filters = msgspec.structs.asdict(ask)
    every = filters.pop("all")
    given = [name for name, value in filters.items() if value is not None]
    if not every and not given:
        raise ValidationFailed(
            "all", f"say what to forget: all=true, or one of {', '.join(filters)}"
        )
    if every and given:
        raise ValidationFailed("all", f"can't be combined with {given[0]}")
    check_scene(ask.scene_type, ask.scene_location)
    if ask.project_id is not None:
        try:
            filters["project_id"] = ids.parse("prj", ask.project_id)
        except NotFound as fault:
            raise ValidationFailed("project_id", "there is no such project") from fault
    return await queries.forget(tx, caller.organization_id, filters)


async def forget_preference(tx: Transaction, caller: Caller, preference_id: str) -> int:
    """Forget the verdicts behind one preference, with all that they told of other actions.

    Raises NotFound where there are none.
    """
    _check_unbound(caller)
    found = _PREFERENCE.fullmatch(preference_id)
    count = 0
    if found:
        kind, location, action = found.groups()
        count = await queries.forget_preference(
            tx, caller.organization_id, kind or None, location or None, action
        )
    if not count:
        raise NotFound(f"There is no preference {preference_id[:200]!r}.")
    return count


async def suggest(
    tx: Transaction,
    organization_id: str,
    subject: Subject,
    settings: Settings,
    *,
    only_project: str | None = None,
) -> Suggestion:
    """What it would do with a picture, whatever the mode; not `sure` where that is nothing.

    The reasons name pictures of `only_project` alone, where it is given.
    """
    scene = (subject.scene_type, subject.scene_location)
    trials = by_scene(await queries.trials(tx, organization_id))
    known = known_of(trials, scene)
    choice = choose(known, settings)
    chosen = choice.actions if choice else []
    names = [action.id for action in chosen]
    behind = await _behind(tx, organization_id, scene[0], names, only_project)
    strengths = {name: behind.strength(name) for name in names}
    wanted = []
    if subject.profile is not None:
        rows = await queries.profiles(tx, organization_id, scene[0], _LOOKED_AT)
        taken = {step["step"] for action in chosen for step in action.steps}
        wanted = wishes(_looks(rows, scene[1]), subject.profile, taken)
    reasons = [views.to_preference(known, name, settings, behind) for name in names]
    words = views.reasons(scene, reasons, wanted) or views.not_sure(
        scene, _judged(trials, scene[0]), settings
    )
    steps = steps_for(chosen, strengths, [wish.step for wish in wanted])
    return views.to_suggestion(subject, choice, reasons, wanted, steps, words)


def nothing(subject: Subject, why: str) -> Suggestion:
    """For a picture that the agent is not to look at."""
    return views.to_suggestion(subject, None, [], [], [], why)


async def room(tx: Transaction, organization_id: str, picture_id: str) -> int | None:
    """The credits that may be spent on this picture without being asked; None: don't touch it.

    From here on until the commit nobody else of the organization is told so: what two uploads at
    once may spend is judged one after the other.
    """
    settings = await settings_of(tx, organization_id, lock=True)
    if settings.mode != "auto" or await queries.was_done(tx, organization_id, picture_id):
        return None
    spent = await queries.spent_today(tx, organization_id)
    return max(0, settings.credits_cap_day - spent)


async def done(
    tx: Transaction, organization_id: str, picture_id: str, generation_id: str, credits: int
) -> None:
    """A picture was enhanced without being asked: never again, and it counts today."""
    await queries.note_work(tx, organization_id, picture_id, generation_id, credits)


async def _behind(
    tx: Transaction,
    organization_id: str,
    scene_type: str | None,
    names: Sequence[str],
    only_project: str | None,
) -> Behind:
    if not names:
        return Behind([])
    return Behind(
        await queries.behind(tx, organization_id, scene_type, names, only_project, PICTURES_SHOWN)
    )


def _looks(rows: Iterable[Row], location: str | None) -> list[Look]:
    """Of the scene where it has enough pictures of either verdict, else of its whole type."""
    those = list(rows)
    for scope in ([row for row in those if row["scene_location"] == location], those):
        approved = [tuple(row["profile"]) for row in scope if row["approved"]]
        rejected = [tuple(row["profile"]) for row in scope if not row["approved"]]
        if found := looks(approved, rejected, _LOOKS_LEAST):
            return found
    return []


def _actions_in(trials: Trials, kind: str | None) -> list[str]:
    return sorted({
        name for scene, those in trials.items() if scene[0] == kind
        for trial in those for name in trial.actions
    })  # fmt: skip


def _judged(trials: Trials, kind: str | None) -> int:
    return sum(
        trial.approved + trial.rejected
        for scene, those in trials.items() if scene[0] == kind for trial in those
    )  # fmt: skip


def _scene_of(row: Row) -> Scene:
    return row["scene_type"], row["scene_location"]


def _check_unbound(caller: Caller) -> None:
    if caller.project_id is not None:
        raise Forbidden("This key is bound to a project; the agent is the organization's.")


async def _checked(tx: Transaction, caller: Caller, ask: ChangeAgent) -> dict[str, Any]:
    """The fields that are set, as they are stored; raises ValidationFailed naming one."""
    fields = {
        name: value for name, value in msgspec.structs.asdict(ask).items()
        if value is not msgspec.UNSET
    }  # fmt: skip
    if fields.get("scene_types") is not None:
        fields["scene_types"] = list(dict.fromkeys(fields["scene_types"]))
        for name in fields["scene_types"]:
            try:
                check_scene_type(name)
            except ValidationFailed as fault:
                problem = str(fault.details[0]["problem"])
                raise ValidationFailed("scene_types", problem) from fault
    if fields.get("project_ids") is not None:
        fields["project_ids"] = await _projects(tx, caller, fields["project_ids"])
    return fields


async def _projects(tx: Transaction, caller: Caller, asked: Sequence[str]) -> list[str]:
    wanted = []
    for name in asked:
        try:
            wanted.append(ids.parse("prj", name))
        except NotFound as fault:
            raise ValidationFailed("project_ids", f"there is no project {name[:80]!r}") from fault
    there = await queries.known_projects(tx, caller.organization_id, wanted)
    for name in wanted:
        if name not in there:
            raise ValidationFailed("project_ids", f"there is no project {name!r}")
    return list(dict.fromkeys(wanted))

"""What the agent knows, as clients see it, and in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tintype.agent.choosing import Choice, Counts, Known, Scene, grade
from tintype.agent.models import (
    PICTURES_SHOWN,
    Agent,
    Preference,
    SceneLearned,
    Settings,
    Subject,
    Suggestion,
    ToneLook,
    ToneWish,
)
from tintype.agent.strengths import wanted_strength
from tintype.agent.tone import Look, Wish, in_words
from tintype.api.tags import Tags, etag_of
from tintype.catalog.actions import actions
from tintype.catalog.scenes import scenes

_PLACES: Final = 4
# Of an agent: what a change is made to.
_OWN: Final = (
    "mode", "minimum_judgements", "minimum_rate", "variants", "credits_cap_day", "scene_types",
    "project_ids",
)  # fmt: skip


class Behind:
    """Rows of `queries.behind`: the pictures behind each preference, and the strength wanted.

    A strength is learned over all scenes of a type.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._pictures: dict[tuple[str | None, str], list[str]] = {}
        self._strengths: dict[str, tuple[int, int]] = {}
        for row in rows:
            name = row["action"]
            self._pictures[row["scene_location"], name] = row["pictures"] or []
            total, count = self._strengths.get(name, (0, 0))
            self._strengths[name] = (total + row["strengths"], count + row["approved"])

    def pictures(self, location: str | None, action: str) -> list[str]:
        """The newest of the scene; where it has none, of others of its type."""
        own = self._pictures.get((location, action))
        if own:
            return own
        near = (those for (_, name), those in self._pictures.items() if name == action)
        return sorted({it for those in near for it in those}, reverse=True)[:PICTURES_SHOWN]

    def strength(self, action: str) -> float:
        return wanted_strength(*self._strengths.get(action, (0, 0)))


def preference_id(scene: Scene, action: str) -> str:
    """`interior:living_room:light-shadows`; what a scene lacks is left empty."""
    return f"{scene[0] or ''}:{scene[1] or ''}:{action}"


def to_preference(known: Known, action: str, settings: Settings, behind: Behind) -> Preference:
    stands = grade(known, action, settings)
    counts = known.counts.get(action, Counts())
    found = actions().by_id.get(action)
    low, high = round(stands.low, _PLACES), round(stands.high, _PLACES)
    return Preference(
        id=preference_id(known.scene, action),
        scene_type=known.scene[0],
        scene_location=known.scene[1],
        action=action,
        label=found.label if found else action,
        status=stands.standing,
        approved=counts.approved,
        rejected=counts.rejected,
        nearby_approved=counts.nearby_approved,
        nearby_rejected=counts.nearby_rejected,
        rate=round(stands.rate, _PLACES),
        interval=[low, high],
        strength=behind.strength(action),
        pictures=behind.pictures(known.scene[1], action),
        explanation=_why(known.scene, counts, low, high),
    )


def own_preferences(known: Known, settings: Settings, behind: Behind) -> list[Preference]:
    """Of the scene itself, not of those around it, the most approved first."""
    own = [name for name, it in known.counts.items() if it.approved + it.rejected]
    found = [to_preference(known, name, settings, behind) for name in own]
    return sorted(found, key=lambda it: (-it.rate, it.action))


def to_scene(
    known: Known, verdicts: tuple[int, int], settings: Settings, behind: Behind, looks: list[Look]
) -> SceneLearned:
    preferences = own_preferences(known, settings, behind)
    approved, rejected = verdicts
    return SceneLearned(
        scene_type=known.scene[0], scene_location=known.scene[1],
        approved=approved, rejected=rejected, preferences=preferences,
        tone=[_to_tone(look) for look in looks],
        explanation=_summary(known.scene, verdicts, preferences, looks),
    )  # fmt: skip


def to_agent(settings: Settings, used_today: int, learned: Sequence[SceneLearned]) -> Agent:
    return Agent(
        **{name: getattr(settings, name) for name in (*_OWN, "updated_at")},
        credits_used_today=used_today,
        approved=sum(scene.approved for scene in learned),
        rejected=sum(scene.rejected for scene in learned),
        scenes=list(learned),
    )


def to_suggestion(
    subject: Subject,
    choice: Choice | None,
    preferences: list[Preference],
    wishes: Sequence[Wish],
    steps: list[dict[str, Any]],
    explanation: str,
) -> Suggestion:
    return Suggestion(
        picture_id=subject.picture_id,
        scene_type=subject.scene_type,
        scene_location=subject.scene_location,
        sure=bool(choice or wishes),
        actions=[action.id for action in choice.actions] if choice else [],
        preferences=preferences,
        tone=[
            ToneWish(
                name=it.name, has=round(it.has, _PLACES), wanted=round(it.wanted, _PLACES),
                step=it.step, words=it.words,
            )
            for it in wishes
        ],
        steps=steps,
        rate=round(choice.rate, _PLACES) if choice else None,
        explanation=explanation,
    )  # fmt: skip


def reasons(scene: Scene, preferences: Sequence[Preference], wishes: Sequence[Wish]) -> str:
    """Why this is suggested, in one sentence or two."""
    parts = []
    if preferences:
        done = ", ".join(f"{it.label} (approved {_share(it)})" for it in preferences)
        parts.append(f"In pictures of {name_of(scene)} you want: {done}.")
    if wishes:
        told = in_words([it.words for it in wishes])
        parts.append(f"It should be {told}, as the pictures that you approve are.")
    return " ".join(parts)


def not_sure(scene: Scene, judged: int, settings: Settings) -> str:
    return (
        f"Nothing is sure for pictures of {name_of(scene)} yet: {judged} enhancements of scenes of"
        f" this type were judged. An action needs {settings.minimum_judgements} verdicts at the"
        f" least, and that {settings.minimum_rate:.0%} of pictures with it are approved, with a"
        " probability of 95 %."
    )


def name_of(scene: Scene) -> str:
    kind, location = scene
    if kind is None:
        return "no named scene"
    found = scenes().get(kind)
    words = found.name if found else kind
    if location is None:
        return words
    return f"{words}, {found.locations.get(location, location) if found else location}"


def tag_of(agent: Agent) -> str:
    """The ETag in two parts: of what a change is made to, and of what was learned and spent."""
    own = etag_of([getattr(agent, name) for name in _OWN])
    return f"{own[:-1]}.{etag_of(agent)[1:]}"


def own_version(settings: Settings) -> list[Any]:
    """What the first part of `tag_of` is made of."""
    return [getattr(settings, name) for name in _OWN]


def own_part(tags: Tags | None) -> Tags | None:
    """The tags of `If-Match` without their second part: verdicts come in all the time."""
    if tags is None:
        return None
    return frozenset(f'{tag.partition(".")[0]}"' if "." in tag else tag for tag in tags)


def _to_tone(look: Look) -> ToneLook:
    return ToneLook(
        name=look.name, approved=round(look.wanted, _PLACES),
        rejected=round(look.rejected, _PLACES), spread=round(look.spread, _PLACES), sure=look.sure,
    )  # fmt: skip


def _share(it: Preference) -> str:
    approved = it.approved + it.nearby_approved
    return f"{approved} of {approved + it.rejected + it.nearby_rejected}"


def _why(scene: Scene, counts: Counts, low: float, high: float) -> str:
    parts = []
    if here := counts.approved + counts.rejected:
        parts.append(f"approved {counts.approved} of {here} times here")
    if near := counts.nearby_approved + counts.nearby_rejected:
        kind = name_of((scene[0], None))
        parts.append(f"{counts.nearby_approved} of {near} in other scenes of type {kind}")
    told = ", ".join(parts) or "not judged yet"
    return (
        f"{told[0].upper()}{told[1:]}. Of pictures with it alone, {low:.0%} to {high:.0%} should be"
        " approved."
    )


def _summary(
    scene: Scene,
    verdicts: tuple[int, int],
    preferences: Sequence[Preference],
    looks: Sequence[Look],
) -> str:
    approved, rejected = verdicts
    parts = [f"{name_of(scene)}: {approved} pictures approved, {rejected} rejected."]
    for standing, words in (("sure", "Wanted"), ("disliked", "Not wanted")):
        labels = [it.label for it in preferences if it.status == standing]
        if labels:
            parts.append(f"{words}: {', '.join(labels)}.")
    differs = [look.name for look in looks if look.sure]
    if differs:
        parts.append(f"Approved and rejected pictures differ in {', '.join(differs)}.")
    if len(parts) == 1:
        parts.append("Nothing is sure yet.")
    return " ".join(parts)

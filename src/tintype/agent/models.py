"""The agent on the wire, and what other slices give it and get from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging

Mode = Literal["off", "suggest", "auto"]
Standing = Literal["sure", "learning", "disliked"]
Short = Annotated[str, Meta(min_length=1, max_length=64)]
Judgements = Annotated[int, Meta(ge=2, le=1000)]
Rate = Annotated[float, Meta(ge=0.5, le=0.99)]
Variants = Annotated[int, Meta(ge=1, le=8)]
SceneTypes = Annotated[list[Short], Meta(min_length=1, max_length=32)]
ProjectIds = Annotated[list[Short], Meta(min_length=1, max_length=200)]
Credits = Annotated[int, Meta(ge=0, le=1_000_000_000)]
PICTURES_SHOWN: Final = 10


class Settings(NamedTuple):
    """What an organization's agent may do; the defaults are in force where nobody said anything.

    It is sure of an action that was judged `minimum_judgements` times in scenes of one type and is
    approved, with a probability of 95 %, at `minimum_rate` or more. None: in every scene type, in
    every project.
    """

    mode: Mode = "off"
    minimum_judgements: int = 5
    minimum_rate: float = 0.65
    variants: int = 1
    credits_cap_day: int = 50
    scene_types: list[str] | None = None
    project_ids: list[str] | None = None
    updated_at: datetime | None = None

    def applies(self, scene_type: str | None, project_id: str) -> bool:
        """Whether it is on, for a picture of this scene in this project."""
        return (
            self.mode != "off"
            and (self.scene_types is None or scene_type in self.scene_types)
            and (self.project_ids is None or project_id in self.project_ids)
        )


class ChangeAgent(msgspec.Struct, kw_only=True):
    """What is left out stays; `scene_types` and `project_ids` are replaced, and null means all.

    `credits_cap_day` is what `auto` may spend in a UTC day; `variants` how many pictures it makes.
    """

    mode: Mode | msgspec.UnsetType = msgspec.UNSET
    minimum_judgements: Judgements | msgspec.UnsetType = msgspec.UNSET
    minimum_rate: Rate | msgspec.UnsetType = msgspec.UNSET
    variants: Variants | msgspec.UnsetType = msgspec.UNSET
    credits_cap_day: Credits | msgspec.UnsetType = msgspec.UNSET
    scene_types: SceneTypes | msgspec.UnsetType | None = msgspec.UNSET
    project_ids: ProjectIds | msgspec.UnsetType | None = msgspec.UNSET


class Preference(msgspec.Struct, kw_only=True):
    """What is known of an action in a scene. `scene_type` and `scene_location` may be null.

    `approved` and `rejected` are enhancements in this scene, `nearby` ones in other locations of
    its type. `rate` is the expected share of approvals of pictures by this action alone, which lies
    within `interval` with a probability of 90 %. `strength` is how much of it was approved, 1 being
    the catalogue's. `pictures` are the newest ones behind it.
    """

    id: str
    object: Literal["preference"] = "preference"
    scene_type: str | None
    scene_location: str | None
    action: str
    label: str
    status: Standing
    approved: int
    rejected: int
    nearby_approved: int
    nearby_rejected: int
    rate: float
    interval: Annotated[list[float], Meta(min_length=2, max_length=2)]
    strength: float
    pictures: list[str]
    explanation: str


class ToneLook(msgspec.Struct, kw_only=True):
    """One number of the tone profile: what approved pictures have, and what rejected ones.

    `sure` says that they really differ in it; only then is it wished for.
    """

    name: str
    approved: float
    rejected: float
    spread: float
    sure: bool


class SceneLearned(msgspec.Struct, kw_only=True):
    """What is known of a scene; `approved` and `rejected` count pictures."""

    scene_type: str | None
    scene_location: str | None
    approved: int
    rejected: int
    preferences: list[Preference]
    tone: list[ToneLook]
    explanation: str


class Agent(msgspec.Struct, kw_only=True):
    """The organization's agent: what it may do, and what it learned, by scene.

    `credits_used_today` is what `auto` has spent of `credits_cap_day`.
    """

    object: Literal["agent"] = "agent"
    mode: Mode
    minimum_judgements: int
    minimum_rate: float
    variants: int
    credits_cap_day: int
    credits_used_today: int
    scene_types: list[str] | None
    project_ids: list[str] | None
    approved: int
    rejected: int
    scenes: list[SceneLearned]
    updated_at: datetime | None


class ToneWish(msgspec.Struct, kw_only=True):
    """One step towards the look of approved pictures: what this picture has, and they have."""

    name: str
    has: float
    wanted: float
    step: dict[str, Any]
    words: str


class Suggestion(msgspec.Struct, kw_only=True):
    """What the agent would do with a picture, and why; `sure` is false where that is nothing.

    `actions` are those of the catalogue it is sure of, each with its strength in `preferences`, and
    `steps` the recipe of the built-in engine, with the steps of `tone`. `rate` is the share of
    approvals that is expected of them together.
    """

    object: Literal["suggestion"] = "suggestion"
    picture_id: str
    scene_type: str | None
    scene_location: str | None
    sure: bool
    actions: list[str]
    preferences: list[Preference]
    tone: list[ToneWish]
    steps: list[dict[str, Any]]
    rate: float | None
    explanation: str


class ListPreferences(Paging, kw_only=True):
    """`status` is `sure`, `learning` or `disliked`."""

    scene_type: Short | None = None
    scene_location: Short | None = None
    action: Short | None = None
    status: Standing | None = None


class ForgetPreferences(msgspec.Struct, kw_only=True):
    """Verdicts that all of this is true of are forgotten; `all` says that every one is meant."""

    all: bool = False
    project_id: Short | None = None
    scene_type: Short | None = None
    scene_location: Short | None = None
    action: Short | None = None


class Forgotten(msgspec.Struct, kw_only=True):
    """How many verdicts on pictures were forgotten."""

    object: Literal["forgotten"] = "forgotten"
    judgements: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on a picture. `enhancement_id` is the work that made it, or the picture itself.

    `strengths` are its actions, each with how much of it was done in percent of the catalogue's;
    `profile` is of its tones, None where that is not known.
    """

    picture_id: str
    enhancement_id: str
    project_id: str
    scene_type: str | None
    scene_location: str | None
    approved: bool
    judged_by: str | None = None
    strengths: Mapping[str, int] = field(default_factory=dict)
    profile: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture that something may be suggested for; `profile` is None where it is not known."""

    picture_id: str
    project_id: str
    scene_type: str | None
    scene_location: str | None
    profile: tuple[float, ...] | None = None

"""What a reel is to be: its pictures, words, length and size, found out before it is begun.

A request says little of that; the project, its pictures and the model say the rest. The same is
found twice: before the transaction, to try whether the words can be drawn and spoken, which takes
a while, and within it, where it counts.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tintype.api.naming import suggestion
from tintype.catalog.models import Model, film_size_of
from tintype.catalog.scenes import scenes
from tintype.core.caller import Caller
from tintype.core.errors import NotFound, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.generations.making import FPS
from tintype.images import pictures
from tintype.media.reel.bounds import SCENE_SECONDS_MIN, SCENES_MAX, check_scenes
from tintype.media.reel.wording import check_words
from tintype.media.sound.moods import MOODS
from tintype.media.sound.voice import seconds_of, speak
from tintype.models import operations as models
from tintype.projects import operations as projects
from tintype.reels.models import RATIO, CreateVideo

_PICTURE_SECONDS: Final = (1.5, 6.0)
"""What each picture has of a film whose length nobody said, at least and at most."""
_AFTER_VOICE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Storyboard:
    """A reel that may be made.

    `limits` are the shortest, the longest and the usual film of the model, in seconds.
    """

    project_id: str
    model: Model
    picture_ids: tuple[str, ...]
    captions: tuple[str | None, ...]
    aspect_ratio: str
    size: tuple[int, int]
    accent: str | None
    limits: tuple[float, float, float]

    def recipe(self, ask: CreateVideo, background: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the work keeps of it; its ratio, size and length are columns of their own."""
        voice = ask.voice
        return {
            "title": ask.title, "captions": list(self.captions), "transition": ask.transition,
            "accent": self.accent,
            "voice": voice and {"text": voice.text, "language": voice.language},
            "background": background,
        }  # fmt: skip


async def planned(
    tx: Transaction, caller: Caller, ask: CreateVideo, *, bytes_max: int
) -> Storyboard:
    """What the request comes to. Raises ValidationFailed naming the field that can't be so.

    `bytes_max` is what the pictures may have together.
    """
    model = await models.chosen(tx, caller, "reel", ask.model)
    length = model.duration_seconds
    if length is None:
        raise ValidationFailed("model", f"{model.id} makes no films")
    project_id = await projects.chosen(tx, caller, ask.project_id)
    if project_id is None:
        raise ValidationFailed("project_id", "is required")
    project = await projects.get(tx, caller, "", project_id)
    chosen = await _pictures(tx, caller, project_id, ask.picture_ids, model)
    if sum(row["bytes"] for row in chosen) > bytes_max:
        raise ValidationFailed(
            "picture_ids", f"together these pictures have more than {bytes_max:,} bytes"
        )
    _check_background(ask)
    ratio = ask.aspect_ratio or project.picture_aspect_ratio or RATIO
    colors = project.branding and project.branding.colors
    return Storyboard(
        project_id=project_id,
        model=model,
        picture_ids=tuple(row["id"] for row in chosen),
        captions=_captions(ask, chosen),
        aspect_ratio=ratio,
        size=film_size_of(ratio, ask.resolution),
        accent=colors.accent if colors else None,
        limits=(length.min, length.max, length.default),
    )


def tried(ask: CreateVideo, board: Storyboard) -> float:
    """How long the voice speaks, in seconds; 0 for none. Takes a moment: for a thread.

    Raises ValidationFailed for words that can't be drawn or said in their time or language, and
    EngineUnavailable where nothing here speaks.
    """
    check_words(ask.title, board.captions, *board.size)
    if ask.voice is None:
        return 0.0
    most = board.limits[1] if ask.duration_seconds is None else ask.duration_seconds
    return seconds_of(speak(ask.voice.text, ask.voice.language, seconds_max=most))


def lasting(ask: CreateVideo, board: Storyboard, spoken: float) -> float:
    """The film's length in seconds: as asked for, or one that suits its pictures and its voice."""
    count = len(board.picture_ids)
    seconds = ask.duration_seconds
    if seconds is None:
        shortest, longest, usual = board.limits
        least, most = (share * count for share in _PICTURE_SECONDS)
        suits = max(min(max(usual, least), most), math.ceil(spoken + _AFTER_VOICE_SECONDS))
        seconds = min(longest, max(shortest, suits))
    if seconds < count * SCENE_SECONDS_MIN:
        raise ValidationFailed(
            "duration_seconds",
            f"{count} pictures need at least {count * SCENE_SECONDS_MIN:g} seconds",
        )
    try:
        likely = min(max(seconds, board.limits[0]), board.limits[1])
        check_scenes(count, ask.transition, *board.size, FPS, likely, board.accent)
    except ValueError as fault:
        raise ValidationFailed("aspect_ratio", str(fault)) from fault
    return seconds


async def _pictures(
    tx: Transaction,
    caller: Caller,
    project_id: str,
    picture_ids: Sequence[str] | None,
    model: Model,
) -> list[Row]:
    """The approved pictures that are asked for, or all that are published."""
    most = min(SCENES_MAX, model.references_max)
    if picture_ids is None:
        found = await pictures.selected(tx, caller.organization_id, project_id)
        if not found:
            raise ValidationFailed(
                "picture_ids", "this project has no approved pictures yet; approve some first"
            )
    else:
        found = [
            await _approved(tx, caller, project_id, picture_id, f"picture_ids[{number}]")
            for number, picture_id in enumerate(picture_ids)
        ]
    if len(found) > most:
        raise ValidationFailed("picture_ids", f"are {len(found)}; {model.id} takes at most {most}")
    return found


async def _approved(
    tx: Transaction, caller: Caller, project_id: str, picture_id: str, field: str
) -> Row:
    try:
        row = await pictures.find(tx, caller, picture_id)
    except NotFound:
        row = None
    if row is None or row["project_id"] != project_id:
        raise ValidationFailed(field, "there is no such picture in this project")
    if row["status"] != "completed":
        raise ValidationFailed(field, f"is {row['status']}; a reel takes completed pictures")
    if row["approval"] != "approved":
        raise ValidationFailed(field, f"is {row['approval']}; approve it first")
    return row


def _captions(ask: CreateVideo, chosen: Sequence[Row]) -> tuple[str | None, ...]:
    """One for each picture; a blank one is none."""
    if ask.captions == "scene":
        return tuple(_scene(row) for row in chosen)
    if not ask.captions:
        return (None,) * len(chosen)
    if len(ask.captions) != len(chosen):
        raise ValidationFailed(
            "captions", f"are {len(ask.captions)} for {len(chosen)} pictures; give one or null each"
        )
    return tuple(text.strip() or None if text else None for text in ask.captions)


def _scene(row: Row) -> str | None:
    """The catalogue's name of what a picture is said to show."""
    scene = scenes().get(row["scene_type"] or "")
    if scene is None:
        return None
    return scene.locations.get(row["scene_location"] or "")


def _check_background(ask: CreateVideo) -> None:
    background = ask.background
    if background is None:
        return
    given = [background.mood, background.audio_url, background.audio]
    if given.count(None) != len(given) - 1:
        raise ValidationFailed("background", "needs one of `mood`, `audio_url` and `audio`")
    if background.mood is not None and background.mood not in MOODS:
        hint = suggestion(background.mood, MOODS) or f"; known are {', '.join(MOODS)}"
        raise ValidationFailed("background.mood", f"there is no such mood{hint}")

"""Prompt enhancement by rules: the user's words stay, and what they leave open is added.

Four parts make a full prompt: a detail of the subject, the light, the composition, the style. A
part is added, in the prompt's own language, when neither one of its marker words nor one of our
own phrases for it is there. So a second pass finds all parts present and changes nothing.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from tintype.media.draft.reading import read_scene
from tintype.media.draft.scene import GROUPS, Scene
from tintype.media.draft.words import folded, language_of, tokens

CHARACTERS_MAX = 4000
_WINGS = frozenset({"owl", "eagle", "bird", "penguin", "butterfly"})
_SWIMMERS = frozenset({"fish", "whale", "dolphin", "turtle"})
_FAMILIES: Mapping[str, frozenset[str]] = {
    "wings": _WINGS,
    "swimmer": _SWIMMERS,
    "animal": GROUPS["animals"] - _WINGS - _SWIMMERS,
    "vehicle": GROUPS["vehicles"] | {"sailboat", "ship", "robot"},
    "person": GROUPS["people"],
    "building": GROUPS["buildings"],
    "plant": frozenset({"tree", "pine", "palm", "flower", "bouquet", "cactus", "mushroom"}),
    "food": frozenset({"coffee", "cake", "apple", "orange_fruit", "pizza", "burger", "ice_cream"}),
}


@cache
def _phrases() -> Mapping[str, Any]:
    """The phrase file; it never changes while the program runs."""
    text = files("tintype.media.draft").joinpath("enhance.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def enhance(prompt: str) -> str:
    """`prompt` with the parts that it lacks; at most 4,000 characters; idempotent.

    Nothing inside the prompt changes, `@aliases` least of all: text is only added at its end, and
    a part that would pass the limit is left out. A prompt beyond the limit is cut at a word.
    """
    text = _cut(prompt.strip())
    if not text:
        return text
    language = language_of(text)
    scene = read_scene(text)
    comma, enders = ("，", "。，；、") if language == "zh" else (", ", ".,;:")
    for part, kind in _wanted(scene):
        if _has(text, part):
            continue
        phrase = _phrases()[part][kind][language]
        longer = text.rstrip(enders + " ") + comma + phrase
        if len(longer) <= CHARACTERS_MAX and text.strip(enders + " "):
            text = longer
    return text


def _cut(text: str) -> str:
    if len(text) <= CHARACTERS_MAX:
        return text
    head = text[: CHARACTERS_MAX + 1]
    at = head.rfind(" ")
    return head[: at if at > CHARACTERS_MAX // 2 else CHARACTERS_MAX].rstrip()


def _wanted(scene: Scene) -> list[tuple[str, str]]:
    """Each part with the kind of it that suits the scene, in the order of writing."""
    first = scene.items[0].name if scene.items else ""
    family = next((name for name, members in _FAMILIES.items() if first in members), "product")
    detail = family if first else "place"
    count = sum(item.count for item in scene.items)
    composition = "several" if count > 1 else "one" if count else "wide"
    return [
        ("detail", detail),
        ("light", _light(scene)),
        ("composition", composition),
        ("style", "any"),
    ]


def _light(scene: Scene) -> str:
    if "night" in scene.times or "dusk" in scene.times:
        return "night"
    if "dawn" in scene.times or "sunset" in scene.times:
        return "dawn"
    if scene.weather & {"rain", "fog", "storm", "snowfall", "clouds"}:
        return "dull"
    if {"room", "studio"} & set(scene.settings):
        return "inside"
    return "day"


def _has(text: str, part: str) -> bool:
    """Whether the prompt has the part already, in whatever language."""
    plain = folded(text)
    ours = (phrase for kind in _phrases()[part].values() for phrase in kind.values())
    if any(folded(phrase) in plain for phrase in ours):
        return True
    if part == "style" and read_scene(text).styles:
        return True
    markers = _phrases()["markers"].get(part, "").split()
    words = set(tokens(text))
    return any(
        (folded(m) in plain) if ord(m[0]) > 0x2E80 else (folded(m) in words) for m in markers
    )

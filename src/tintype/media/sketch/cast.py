"""Who is who among the parts, and what each is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tintype.media.sketch.materials import (
    MATERIALS,
    SHADES,
    THINGS,
    Accent,
    Material,
    Role,
    Thing,
)
from tintype.media.sketch.regions import OUTSIDE, Drawing, Part
from tintype.media.sketch.wish import Look, Wish

_FOR_SECOND_COLOR: Final[tuple[Role, ...]] = ("handle", "band", "nested", "top", "bottom", "side")
LIQUIDS: Final[Mapping[str, str]] = {
    "coffee": "#3a2013",
    "milk": "#e6cfae",
    "tea": "#9a4f18",
    "matcha": "#8aa84f",
}


@dataclass(frozen=True, slots=True)
class Cast:
    """One part with its role, its material in its own colour, and whether that was asked for."""

    part: Part
    role: Role
    material: Material
    asked: bool


def cast(drawing: Drawing, wish: Wish) -> tuple[Cast, ...]:
    """Every part's role and material: as the prompt says, else as such things are made."""
    thing = THINGS[wish.thing]
    roles = roles_of(drawing, thing)
    own = _own(wish.main, thing)
    spread = _spread_colors(wish.main, tuple(roles.values()))
    named = {look.part: look for look in wish.parts}
    top = named.pop("top", None) if thing.topped and "top" not in roles.values() else None
    # Parts that are told of but not found as such go to what else there is.
    free = [role for role in _FOR_SECOND_COLOR if role in roles.values() and role not in named]
    for name in [name for name in named if name not in roles.values()]:
        if free:
            named[free.pop(0)] = named.pop(name)
    # What is smaller than a button is a slip of the pen.
    least = 0.005 * sum(part.area for part in drawing.parts)
    out = []
    for part in drawing.parts:
        role = roles[part.label]
        look = named.get(role) or named.get(_with(role, thing))
        accent = (thing.accents or {}).get(role)
        if role == "main" and top is not None:
            material, asked = _dressed(top, MATERIALS[thing.material]), bool(top.colors)
        elif role == "main":
            material, asked = own, bool(wish.main.colors)
        elif look is not None:
            usual = own if accent is None else _accented(accent, own)
            material, asked = _dressed(look, usual), bool(look.colors)
        elif role in spread:
            material, asked = replace(own, color=SHADES[spread[role]]), True
        elif top is not None and wish.main != Look():
            # The top has a look of its own, so what is said of the thing is said of the rest.
            material, asked = own, bool(wish.main.colors)
        elif accent is not None and part.area > least and not _wears(wish.main, role):
            material, asked = _accented(accent, own), False
        else:
            material, asked = own, bool(wish.main.colors)
        out.append(Cast(part, role, material, asked))
    return tuple(out)


def _with(role: Role, thing: Thing) -> str:
    """The role whose words hold for this one too: a pot's rim is the pot's."""
    accents = thing.accents or {}
    same = role == "band" and "band" in accents and accents["band"] == accents.get("bottom")
    return "bottom" if same else ""


def _wears(main: Look, role: Role) -> bool:
    """Whether what the prompt says of the whole thing holds for this part too."""
    return bool(main.material in {"metal", "wood", "plastic", "stone"} and role == "side")


def _own(look: Look, thing: Thing) -> Material:
    return _dressed(look, MATERIALS[thing.material])


def _dressed(look: Look, usual: Material) -> Material:
    """The look's material in its colour, else the usual one."""
    material = MATERIALS[look.material] if look.material else usual
    if look.colors:
        color = look.colors[0]
        if color in {"gold", "silver"} and not look.material and look.part:
            material = MATERIALS["metal"]
        material = replace(material, color=SHADES[color])
    if look.finish == "matte":
        material = replace(material, rough=max(material.rough, 0.62))
    if look.finish == "gloss":
        material = replace(material, rough=min(material.rough, 0.12))
    return material


def _accented(accent: Accent, own: Material) -> Material:
    material = MATERIALS[accent.material] if accent.material else own
    return replace(material, color=accent.color) if accent.color else material


def _spread_colors(main: Look, roles: tuple[Role, ...]) -> dict[Role, str]:
    """A second and third colour of the thing, each for one kind of part."""
    there = [role for role in _FOR_SECOND_COLOR if role in roles]
    return dict(zip(there, main.colors[1:], strict=False))


def roles_of(drawing: Drawing, thing: Thing) -> dict[int, Role]:
    """What each part is to the largest: its label gives the role."""
    roles: dict[int, Role] = {}
    if not drawing.parts:
        return roles
    main = _main(drawing)
    for part in drawing.parts:
        if part is main:
            roles[part.label] = "main"
        elif part.rod:
            roles[part.label] = "rod"
        elif thing.hollow and _is_opening(part, drawing):
            roles[part.label] = "opening"
        else:
            roles[part.label] = _place(part, main, drawing)
    return roles


def _main(drawing: Drawing) -> Part:
    """The largest part, but no sole or seat: no flat one at the foot of the rest."""
    first, *others = drawing.parts
    if others and first.width > 3.5 * first.height:
        above = [part for part in others if not part.rod and part.middle[1] < first.box[1]]
        if above and sum(part.area for part in above) > 0.6 * first.area:
            return above[0]
    return first


def _place(part: Part, main: Part, drawing: Drawing) -> Role:
    outside = part.around.get(OUTSIDE, 0)
    if any(part.label in around for around in drawing.holes) and (
        part.radius < 0.6 * main.radius and outside > 0.3  # noqa: PLR2004
    ):
        return "handle"
    if outside < 0.04:  # noqa: PLR2004
        return "nested"
    left, top, right, bottom = part.box
    neighbours = [
        other
        for other in drawing.parts
        if part.around.get(other.label, 0) > 0.15  # noqa: PLR2004
    ]
    above = any(other.middle[1] < top for other in neighbours)
    below = any(other.middle[1] > bottom for other in neighbours)
    flat = right - left > 1.6 * (bottom - top)
    if above and below and flat:
        return "band"
    if part.middle[1] < main.box[1] + 0.1 * main.height and below:
        return "top"
    floor = max(other.box[3] for other in drawing.parts)
    high = floor - min(other.box[1] for other in drawing.parts)
    if part.box[3] > floor - 0.07 * high and part.middle[1] > floor - 0.34 * high:
        return "bottom"
    return "side"


def _is_opening(part: Part, drawing: Drawing) -> bool:
    """A flat oval on top of something broader than high: its mouth."""
    if part.height > 0.55 * part.width:
        return False
    if _unlike_oval(part, drawing) > 0.06:  # noqa: PLR2004
        return False
    under = [
        other
        for other in drawing.parts
        if part.around.get(other.label, 0) > 0.25 and other.middle[1] > part.box[3]  # noqa: PLR2004
    ]
    return bool(under) and part.around.get(OUTSIDE, 0) > 0.2  # noqa: PLR2004


def _unlike_oval(part: Part, drawing: Drawing) -> float:
    """The share of the part's box in which it differs from the oval that fills the box."""
    left, top, right, bottom = part.box
    own = drawing.labels[top:bottom, left:right] == part.label
    x = np.linspace(-1, 1, right - left)[None, :]
    y = np.linspace(-1, 1, bottom - top)[:, None]
    return float(np.mean(own != (x * x + y * y <= 1)))

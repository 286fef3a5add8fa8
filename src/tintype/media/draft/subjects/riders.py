"""People who ride, seen from the side: astride an animal, or on a bicycle.

Each is drawn in the box of a rider whose seat is at a known point, so that the layout can put that
point on the mount's back; the near leg hangs over the mount's side.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tintype.media.draft.colour import darker, lighter, mix
from tintype.media.draft.subjects import people, suited
from tintype.media.draft.subjects.base import Brush, Subject
from tintype.media.draft.svg import circle, group, path, rect, stroke

WIDTH, HEIGHT, SEAT_X, SEAT_Y = 130.0, 220.0, 52.0, 138.0
# The bicycle's own box is 226 by 150; a cyclist's is as wide and this much higher.
ABOVE_BICYCLE = 126.0
_BICYCLE_WIDTH, _BICYCLE_HEIGHT = 226.0, 150.0


@dataclass(frozen=True, slots=True)
class _Look:
    """What of a rider shows on every mount."""

    top: str
    legs: str
    boots: str
    hands: str
    limb: float  # How thick arms and legs are.
    head: Callable[[float, float], str]  # Centred on (x, y).


def _clothed(b: Brush, *, long: bool) -> _Look:
    skin, hair = b.rng.choice(people.SKINS), b.rng.choice(people.HAIRS)
    legs = b.rng.choice(("#3a4668", "#4b4058", "#42566a"))
    return _Look(
        b.main,
        legs,
        "#3a2a2a",
        skin,
        1.0,
        lambda x, y: people.head(b, x, y, skin, hair, long=long),
    )


def _suited(b: Brush) -> _Look:
    suit = b.main if b.bound else "#f6f4f0"
    trim = b.accent if b.bound else b.main

    def helmet(x: float, y: float) -> str:
        whole = suited.helmet(suit, trim)
        return group(
            whole, transform=f"translate({x - 75 * 0.86:.1f} {y - 46 * 0.86:.1f}) scale(0.86)"
        )

    return _Look(suit, mix(suit, "#5d5f8f", 0.12), trim, trim, 1.3, helmet)


def _metal(b: Brush) -> _Look:
    def head(x: float, y: float) -> str:
        return group(
            suited.robot_head(b),
            transform=f"translate({x - 75 * 0.62:.1f} {y - 24:.1f}) scale(0.62)",
        )

    return _Look(b.main, b.dark(0.14), b.dark(0.36), b.dark(0.3), 1.1, head)


_LOOKS: Mapping[str, Callable[[Brush], _Look]] = {
    "person": lambda b: _clothed(b, long=b.rng.random() < 0.5),
    "woman": lambda b: _clothed(b, long=True),
    "man": lambda b: _clothed(b, long=False),
    "child": lambda b: _clothed(b, long=b.rng.random() < 0.5),
    "couple": lambda b: _clothed(b, long=True),
    "dancer": lambda b: _clothed(b, long=True),
    "hiker": lambda b: _clothed(b, long=False),
    "astronaut": _suited,
    "robot": _metal,
}


def _astride(look: _Look) -> str:
    """On an animal's back: reins in hand, the near leg along its side with the toe up."""
    k, x, y = look.limb, SEAT_X, SEAT_Y
    out = stroke(
        f"M{x + 14} 86C{x + 30} 100 {x + 44} 108 {x + 58} 106", darker(look.top, 0.2), 13 * k
    )
    if look.limb > 1.2:
        out += rect(x - 40, 74, 30, 58, mix(look.top, "#5d5f8f", 0.42), 11)
    out += path(
        f"M{x - 20 * k} 82C{x - 12} 70 {x + 16} 70 {x + 20 * k} 82"
        f"C{x + 22 * k} 104 {x + 18 * k} 124 {x + 18 * k} {y + 8}"
        f"C{x + 4} {y + 14} {x - 14} {y + 14} {x - 20 * k} {y + 6}"
        f"C{x - 20 * k} 122 {x - 22 * k} 102 {x - 20 * k} 82Z",
        look.top,
    )
    out += path(
        f"M{x - 20 * k} 82C{x - 22 * k} 102 {x - 20 * k} 122 {x - 20 * k} {y + 6}L{x - 8} {y + 9}"
        f"C{x - 12} 120 {x - 12} 96 {x - 6} 74C{x - 14} 75 {x - 18} 78 {x - 20 * k} 82Z",
        darker(look.top, 0.16),
    )
    thigh = f"M{x - 4} {y + 2}C{x + 14} {y + 2} {x + 26} {y + 8} {x + 34} {y + 18}"
    shin = f"M{x + 34} {y + 18}C{x + 32} {y + 34} {x + 27} {y + 46} {x + 24} {y + 58}"
    out += stroke(shin, darker(look.legs, 0.08), 17 * k) + stroke(thigh, look.legs, 23 * k)
    out += path(
        f"M{x + 13} {y + 52}H{x + 36}L{x + 37} {y + 62}C{x + 50} {y + 62} {x + 56} {y + 68}"
        f" {x + 55} {y + 74}H{x + 13}Z",
        look.boots,
    )
    arm = (
        f"M{x - 2} 88C{x + 2} 106 {x + 16} 120 {x + 36} 118C{x + 44} 117 {x + 50} 114 {x + 56} 110"
    )
    out += stroke(arm, lighter(look.top, 0.14), 14 * k) + circle(x + 60, 108, 8 * k, look.hands)
    return out + look.head(x + 3, 42)


def _cycling(look: _Look) -> str:
    """In the bicycle's own box, moved down: seated on its saddle, hands on the bar."""
    k, up = look.limb, ABOVE_BICYCLE
    hip_x, hip_y = 90.0, up + 24
    far = darker(look.legs, 0.3)
    out = stroke(f"M{hip_x} {hip_y}L{hip_x + 44} {up + 58}L{hip_x + 14} {up + 92}", far, 16 * k)
    out += stroke(f"M112 {up - 44}L150 {up - 4}L176 {up + 18}", darker(look.top, 0.22), 12 * k)
    out += path(
        f"M{hip_x - 18 * k} {up + 30}C{hip_x - 20 * k} {up} {hip_x - 8} {up - 44}"
        f" {hip_x + 8} {up - 56}C{hip_x + 22} {up - 62}"
        f" {hip_x + 40} {up - 54} {hip_x + 38 * k} {up - 40}"
        f"C{hip_x + 30} {up - 10} {hip_x + 24} {up + 12} {hip_x + 18 * k} {up + 34}Z",
        look.top,
    )
    if look.limb > 1.2:
        out += rect(hip_x - 34, up - 46, 30, 58, mix(look.top, "#5d5f8f", 0.42), 11)
    knee = f"{hip_x + 50} {up + 70}"
    out += stroke(f"M{knee}L{hip_x + 33} {up + 116}", darker(look.legs, 0.1), 15 * k)
    out += stroke(f"M{hip_x} {hip_y + 2}L{knee}", look.legs, 20 * k)
    out += path(
        f"M{hip_x + 22} {up + 112}H{hip_x + 42}C{hip_x + 54} {up + 114} {hip_x + 60} {up + 120}"
        f" {hip_x + 58} {up + 127}H{hip_x + 20}Z",
        look.boots,
    )
    arm = f"M{hip_x + 18} {up - 42}C{hip_x + 28} {up - 18} {hip_x + 50} {up + 6}"
    arm += f" {hip_x + 88} {up + 18}"
    out += stroke(arm, lighter(look.top, 0.14), 13 * k)
    return out + circle(180, up + 19, 7.5 * k, look.hands) + look.head(hip_x + 34, up - 84)


def _posed(name: str, pose: Callable[[_Look], str]) -> Callable[[Brush], str]:
    look = _LOOKS[name]
    return lambda b: pose(look(b))


def is_rider(name: str) -> bool:
    """Whether this subject has a seated figure."""
    return name in _LOOKS


def riding(name: str, subject: Subject, mount: str) -> Subject | None:
    """`subject` as it sits on `mount`, facing right; None for what has no seated figure."""
    if name not in _LOOKS:
        return None
    if mount == "bicycle":
        height = _BICYCLE_HEIGHT + ABOVE_BICYCLE
        return replace(
            subject, draw=_posed(name, _cycling), width=_BICYCLE_WIDTH, height=height, turns=True
        )
    return replace(subject, draw=_posed(name, _astride), width=WIDTH, height=HEIGHT, turns=True)

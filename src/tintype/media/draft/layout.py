"""Where each subject stands, how large, and in which order it is painted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tintype.media.draft.scene import Item
from tintype.media.draft.settings.backdrop import Where
from tintype.media.draft.stage import Stage
from tintype.media.draft.subjects import SUBJECTS, Subject

# Things of life's every size share one picture: heights are compressed towards each other.
_COMPRESS = 0.42
_LEDGE_METRES_MAX = 0.5
_RELATED = frozenset(["on", "over", "under", "before", "behind"])  # Placed by their partner.
_FOOT: Mapping[str, float] = {
    "field": 0.74,
    "forest": 0.72,
    "snowland": 0.72,
    "desert": 0.68,
    "beach": 0.8,
    "city": 0.6,
    "road": 0.7,
    "sea": 0.46,
    "lake": 0.46,
}


@dataclass(frozen=True, slots=True)
class Placed:
    """One figure: `x` is its middle, `foot` where it stands, `height` in units; 0 is near."""

    item: Item
    subject: Subject
    x: float
    foot: float
    height: float
    far: float = 0.0
    flip: bool = False
    turn: float = 0.0
    shadow: str = "ground"  # ground, water, none

    @property
    def width(self) -> float:
        return self.height * self.subject.width / self.subject.height

    @property
    def top(self) -> float:
        return self.foot - self.height


@dataclass(frozen=True, slots=True)
class Area:
    """The part of the frame that subjects may fill, in units."""

    left: float
    right: float
    top: float
    foot: float

    @property
    def width(self) -> float:
        return self.right - self.left


def area(st: Stage, place: Where) -> Area:
    """The safe area: inside the margins, below pictures where references hang above."""
    margin = st.s * 0.07
    top = st.h * (0.46 if st.pictures else 0.1)
    if on_ledge(st, place):
        foot = st.h * 0.87
    elif place.enclosed == "room":
        foot = st.horizon + (st.h - st.horizon) * 0.6
    elif place.enclosed == "studio":
        foot = st.horizon + (st.h - st.horizon) * 0.42
    elif place.enclosed == "space":
        foot = st.h * 0.9
    elif place.enclosed == "underwater":
        foot = st.h * 0.93
    else:
        foot = st.horizon + (st.h - st.horizon) * _FOOT[place.below]
        if place.below == "road" and place.across:
            foot = st.horizon + (st.h - st.horizon) * 0.76
    return Area(margin, st.w - margin, top, foot)


def on_ledge(st: Stage, place: Where) -> bool:
    """Whether all there is to see are small things, which need a table outside a studio."""
    subjects = [SUBJECTS[i.name] for i in st.scene.items if i.name in SUBJECTS]
    return (
        bool(subjects)
        and place.enclosed in {"", "room"}
        and not place.watery
        and all(s.place == "surface" and s.metres <= _LEDGE_METRES_MAX for s in subjects)
    )


def arrange(st: Stage, place: Where) -> list[Placed]:
    """Every subject placed, the farthest first."""
    known = [(i, SUBJECTS[i.name]) for i in st.scene.items if i.name in SUBJECTS]
    if not known:
        return []
    frame = area(st, place)
    heights = _heights(st, frame, known)
    roots = [n for n, (item, _) in enumerate(known) if item.rel not in _RELATED]
    roots = roots or [0]
    slots = _slots(st, frame, place, known, heights, roots)
    placed: list[Placed] = []
    at: dict[int, Placed] = {}
    for n in roots:
        copies = _copies(st, frame, place, known[n], heights[n], slots[n])
        at[n] = copies[len(copies) // 2]
        placed += copies
    for n, (item, subject) in enumerate(known):
        if n not in at:
            base = at.get(item.other, placed[0])
            at[n] = _related(st, frame, item, subject, heights[n], base)
            placed.append(at[n])
            if item.rel == "on" and item.count > 1:
                placed += _more_on(at[n], base, item.count)
    return sorted(placed, key=lambda one: _depth_of(one, at))


def _depth_of(one: Placed, at: Mapping[int, Placed]) -> tuple[int, float]:
    """Sorts from back to front: riders behind what they ride, others on their seat before it."""
    if one.item.rel == "on" and one.item.other in at:
        return (0, 0.0) if at[one.item.other].subject.ridden else (2, one.foot)
    return 1, one.foot


def _heights(st: Stage, frame: Area, known: list[tuple[Item, Subject]]) -> list[float]:
    """Heights in units: the largest fills its share of the frame, the rest stand to scale."""
    tallest = max(s.metres for _, s in known)
    ratios = [(s.metres / tallest) ** _COMPRESS for _, s in known]
    across = sum(
        k * s.width / s.height * min(i.count, 4) ** 0.85
        for (i, s), k in zip(known, ratios, strict=True)
        if i.rel not in _RELATED
    )
    share = known[0][1].share if len(known) == 1 else 0.9
    if st.scene.close:
        share = min(1.0, share * 1.25)
    room = (frame.foot - frame.top) * 0.96 * share
    stacked = any(i.rel in {"on", "over"} for i, _ in known)
    if stacked:
        room *= 0.72
    # Long things are kept lower, or they would hide the place they are in.
    long = across > 1.5 and not st.scene.close
    most = st.s * (0.47 if long else 0.74)
    unit = min(room, frame.width * 0.92 * min(1.0, share + 0.15) / max(across, 0.01), most)
    return [unit * k for k in ratios]


def _slots(
    st: Stage,
    frame: Area,
    place: Where,
    known: list[tuple[Item, Subject]],
    heights: list[float],
    roots: list[int],
) -> dict[int, float]:
    """The middle of each root along the frame, side by side in the order of mention."""
    spans = {
        n: heights[n] * known[n][1].width / known[n][1].height * min(known[n][0].count, 4) ** 0.85
        for n in roots
    }
    total = sum(spans.values())
    gap = min(st.s * 0.08, max(0.0, (frame.width - total) / (len(roots) + 1)))
    used = total + gap * (len(roots) - 1)
    x = (frame.left + frame.right - used) / 2
    if len(roots) == 1 and place.enclosed != "studio":
        # Off-centre, away from the light, by the rule of thirds.
        lean = (frame.width - used) * 0.17
        x += -lean if st.light.sun_x > 0.5 else lean
    out = {}
    for n in roots:
        out[n] = x + spans[n] / 2
        x += spans[n] + gap
    return out


def _base_height(
    st: Stage, frame: Area, place: Where, item: Item, subject: Subject, height: float
) -> float:
    """Where the feet (or the middle of the air) are."""
    floating = item.flying or subject.place == "air"
    if place.enclosed == "space":
        return st.h * 0.5 + height / 2 if subject.place != "ground" else frame.foot
    if place.enclosed == "underwater":
        swims = subject.place in {"deep", "water", "air"} or item.flying
        return st.h * 0.48 + height / 2 if swims else frame.foot
    if floating and place.enclosed != "studio":
        middle = st.h * (0.36 if place.airborne else 0.3)
        return max(frame.top + height, middle + height / 2)
    if subject.place == "deep" and not place.watery:
        return st.h * 0.5 + height / 2 if place.enclosed != "room" else frame.foot
    if subject.metres > 4 and not place.enclosed and subject.place == "ground":
        return st.horizon + (st.h - st.horizon) * min(0.42, _FOOT[place.below])
    return frame.foot


def _copies(
    st: Stage, frame: Area, place: Where, one: tuple[Item, Subject], height: float, x: float
) -> list[Placed]:
    """As many figures as the prompt counts, staggered in depth, the middle one in front."""
    item, subject = one
    r = st.rng
    foot = _base_height(st, frame, place, item, subject, height)
    air = item.flying or subject.place in {"air", "deep"}
    flip = subject.turns and r.random() < 0.5
    shadow = "none" if air or place.enclosed == "space" else "ground"
    if place.watery and not air:
        shadow = "water"
    n = item.count
    if n == 1:
        turn = _lean(st, subject, flip=flip) if shadow == "none" else 0.0
        return [Placed(item, subject, x, foot, height, flip=flip, turn=turn, shadow=shadow)]
    span = height * subject.width / subject.height * min(n, 4) ** 0.85
    out = []
    shrink = 0.92 if n <= 3 else 0.72
    for i in range(n):
        across = x + span * ((i + 0.5) / n - 0.5) * 0.98
        back = (i % 2) if not air else 0
        k = shrink * (1 - 0.13 * back) * r.uniform(0.93, 1.05)
        lift = r.uniform(-0.28, 0.28) * height if air else -height * 0.16 * back
        out.append(
            Placed(
                item,
                subject,
                across,
                foot + lift,
                height * k,
                far=0.06 * back,
                flip=flip if air else (subject.turns and r.random() < 0.5),
                turn=_lean(st, subject, flip=flip) if air else 0.0,
                shadow=shadow,
            )
        )
    return out


def _lean(st: Stage, subject: Subject, *, flip: bool) -> float:
    return subject.tilt * st.rng.uniform(0.5, 1.0) * (-1 if flip else 1)


def _related(
    st: Stage, frame: Area, item: Item, subject: Subject, height: float, base: Placed
) -> Placed:
    r = st.rng
    flip = subject.turns and r.random() < 0.5
    match item.rel:
        case "over":
            foot = max(frame.top * 0.4 + height, base.top - st.s * 0.04)
            return Placed(item, subject, base.x, foot, height, flip=flip, shadow="none")
        case "under":
            k = min(height, base.height * 0.45)
            return Placed(item, subject, base.x, base.foot + st.s * 0.015, k, flip=flip)
        case "before" | "behind":
            near = item.rel == "before"
            aside = base.width * (0.32 if near else 0.4)
            x = base.x + aside if base.x < st.w / 2 else base.x - aside
            foot = base.foot + st.s * (0.05 if near else -0.05)
            if near and base.shadow == "ground":
                foot = max(foot, frame.foot)
            tall = min(height, foot - st.h * 0.05)
            return Placed(item, subject, x, foot, tall, flip=flip, shadow=base.shadow)
        case _:
            seat = base.top + base.height * base.subject.seat
            widest = base.width * 0.62
            if base.subject.ridden:
                widest *= 1.6
            k = min(height, widest * subject.height / subject.width, max(seat - st.h * 0.05, 60))
            side = (base.subject.seat_x - 0.5) * (-1 if base.flip else 1)
            x = base.x + side * base.width
            if base.subject.ridden:
                return Placed(item, subject, x, seat + k * 0.3, k, flip=base.flip, shadow="none")
            x += r.uniform(-0.12, 0.12) * base.width
            return Placed(item, subject, x, seat + k * 0.03, k, flip=flip, shadow="contact")


def _more_on(first: Placed, base: Placed, count: int) -> list[Placed]:
    """Fellows beside the first on the same seat."""
    n = min(count, 4)
    step = min(first.width * 0.9, base.width * 0.7 / n)
    start = base.x - step * (n - 1) / 2 - first.x
    moved = [replace(first, x=first.x + start + step * i) for i in range(n)]
    return moved[1:] if abs(moved[0].x - first.x) < step / 2 else moved[:-1]

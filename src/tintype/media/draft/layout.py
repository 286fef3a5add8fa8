"""Where each subject stands, how large, and in which order it is painted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tintype.media.draft.scene import Item
from tintype.media.draft.settings.backdrop import Where, is_bust
from tintype.media.draft.stage import Stage
from tintype.media.draft.subjects import SUBJECTS, Subject, riders

# Things of life's every size share one picture: heights are compressed towards each other.
_COMPRESS = 0.42
_LEDGE_METRES_MAX = 0.5
# By the water a lone figure is smaller, so that the water is seen.
_BY_WATER: Mapping[str, float] = {"shore": 0.64, "coast": 0.64, "beach": 0.8}
_AFLOAT = 0.5  # How large what is in the water is, seen from its shore.
_BUST_TOP = 0.13  # The room above a portrait's head, as a share of the frame.
_ROAD_FOOT = 0.76  # On a road that is seen from its side.
_RELATED = frozenset(["on", "over", "under", "before", "behind"])  # Placed by their partner.
_FOOT: Mapping[str, float] = {
    "field": 0.74,
    "forest": 0.72,
    "snowland": 0.72,
    "desert": 0.68,
    "beach": 0.8,
    "shore": 0.88,
    "coast": 0.88,
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
        share = _ROAD_FOOT if place.below == "road" and place.across else _FOOT[place.below]
        foot = st.horizon + (st.h - st.horizon) * share
    left, right = margin, st.w - margin
    if st.aside:
        # The pictures' stand takes the side of the light.
        left, right = (left, st.w * 0.6) if st.light.sun_x > 0.5 else (st.w * 0.4, right)
    return Area(left, right, top, foot)


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
    known = [(i, SUBJECTS[i.name]) for i in _mounted(st.scene.items) if i.name in SUBJECTS]
    if not known:
        return []
    if is_bust(st.scene) and not st.pictures:
        return [_bust(st, *known[0])]
    frame = area(st, place)
    heights = _heights(st, frame, place, known)
    roots = [n for n, (item, _) in enumerate(known) if item.rel not in _RELATED]
    roots = roots or [0]
    slots = _slots(st, frame, place, known, heights, roots)
    placed: list[Placed] = []
    at: dict[int, Placed] = {}
    mounts: dict[int, list[Placed]] = {}
    for n in roots:
        copies = _copies(st, frame, place, known[n], heights[n], slots[n])
        at[n] = copies[len(copies) // 2]
        placed += copies
        mounts[n] = copies
    for n, (item, subject) in enumerate(known):
        if n not in at:
            base = at.get(item.other, placed[0])
            rider = riders.riding(item.name, subject, base.item.name)
            if item.rel == "on" and rider is not None and _is_mount(base):
                seated = [_riding(item, rider, m) for m in mounts.get(item.other, [base])]
                seated = seated[: item.count]
                at[n] = seated[0]
                placed += seated
                continue
            at[n] = _related(st, frame, item, subject, heights[n], base)
            placed.append(at[n])
            if item.rel == "on" and item.count > 1:
                placed += _more_on(at[n], base, item.count)
    placed = _spread(placed, at)
    return sorted(placed, key=lambda one: _depth_of(one, at))


def _mounted(items: tuple[Item, ...]) -> list[Item]:
    """The items with as many mounts as riders: "two men riding horses" are two horses."""
    out = list(items)
    for item in items:
        if item.rel == "on" and item.count > 1 and riders.is_rider(item.name):
            mount = out[item.other]
            if SUBJECTS[mount.name].ridden > 0 or mount.name == "bicycle":
                out[item.other] = replace(mount, count=item.count)
    return out


def _depth_of(one: Placed, at: Mapping[int, Placed]) -> tuple[int, float]:
    """Sorts from back to front: who is on something is painted after it."""
    if one.item.rel == "on" and one.item.other in at:
        return 2, one.foot
    return 1, one.foot


def _is_mount(base: Placed) -> bool:
    return base.subject.ridden > 0 or base.item.name == "bicycle"


def _riding(item: Item, rider: Subject, mount: Placed) -> Placed:
    """Astride `mount`, facing the way it faces."""
    if mount.item.name == "bicycle":
        height = mount.height * rider.height / mount.subject.height
        return Placed(item, rider, mount.x, mount.foot, height, flip=mount.flip, shadow="none")
    height = mount.height * mount.subject.ridden
    ahead = -1 if mount.flip else 1
    x = mount.x + ahead * (mount.subject.seat_x - 0.5) * mount.width
    x += ahead * (0.5 - riders.SEAT_X / rider.width) * height * rider.width / rider.height
    foot = mount.top + mount.height * mount.subject.seat
    foot += height * (1 - riders.SEAT_Y / rider.height)
    return Placed(item, rider, x, foot, height, flip=mount.flip, shadow="none")


def _bust(st: Stage, item: Item, subject: Subject) -> Placed:
    """Head and shoulders, the rest below the frame."""
    shown = st.h * (1 - _BUST_TOP - (0.05 if item.hat else 0))
    height = shown / subject.bust
    height = min(height, st.w * 1.0 * subject.height / subject.width)
    top = st.h - height * subject.bust
    flip = subject.turns and st.rng.random() < 0.5
    x = st.w / 2 + (0.5 - subject.face_x) * height * subject.width / subject.height * (
        -1 if flip else 1
    )
    return Placed(item, subject, x, top + height, height, flip=flip, shadow="none")


def _spread(placed: list[Placed], at: Mapping[int, Placed]) -> list[Placed]:
    """Different things on one seat stand side by side on it, in the order of mention."""
    on: dict[int, list[int]] = {}
    for n, one in enumerate(placed):
        if one.item.rel == "on" and one.item.other in at and not _is_mount(at[one.item.other]):
            on.setdefault(one.item.other, []).append(n)
    out = list(placed)
    for other, numbers in on.items():
        if len({placed[n].item.name for n in numbers}) < 2:
            continue
        base = at[other]
        room = base.width * 0.86
        k = min(1.0, room / sum(placed[n].width for n in numbers))
        x = base.x - sum(placed[n].width for n in numbers) * k / 2
        for n in numbers:
            one = placed[n]
            out[n] = replace(one, x=x + one.width * k / 2, height=one.height * k)
            x += one.width * k
    return out


def _heights(
    st: Stage, frame: Area, place: Where, known: list[tuple[Item, Subject]]
) -> list[float]:
    """Heights in units: the largest fills its share of the frame, the rest stand to scale."""
    ashore = place.below in _BY_WATER and not place.enclosed
    # What is out on the water is far off, so it doesn't dwarf who stands on the bank.
    near = [s.metres for _, s in known if not (ashore and s.place == "water")]
    tallest = max(near or [s.metres for _, s in known])
    ratios = [min(1.3, (s.metres / tallest) ** _COMPRESS) for _, s in known]
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
    ridden = any(
        i.rel == "on" and 0 <= i.other < len(known) and known[i.other][1].ridden for i, _ in known
    )
    if stacked:
        room *= 0.84 if ridden else 0.72
    if len(near) == 1 and near[0] <= 4 and not st.scene.close:
        room *= _BY_WATER.get(place.below, 1.0) if not place.enclosed else 1.0
    # Long things are kept lower, or they would hide the place they are in.
    long = across > 1.5 and not st.scene.close
    most = st.s * (0.47 if long else 0.74)
    unit = min(room, frame.width * 0.92 * min(1.0, share + 0.15) / max(across, 0.01), most)
    return [
        unit * k * (_AFLOAT if ashore and s.place == "water" else 1.0)
        for (_, s), k in zip(known, ratios, strict=True)
    ]


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
    if len(roots) == 1 and not st.aside and place.enclosed != "studio":
        # Off-centre, away from the light, by the rule of thirds.
        lean = (frame.width - used) * (0.26 if place.below in {"shore", "coast"} else 0.17)
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
    if on_ledge(st, place):
        return frame.foot
    return (
        frame.foot if place.enclosed else st.horizon + (st.h - st.horizon) * _stand(place, subject)
    )


def _stand(place: Where, subject: Subject) -> float:
    """How near something stands outdoors: 0 at the horizon, 1 at the lower edge."""
    if subject.place == "water" and place.below in _BY_WATER:
        return 0.2
    if subject.metres > 4 and subject.place == "ground":
        return 0.76 if place.below in {"shore", "coast"} else min(0.42, _FOOT[place.below])
    if place.below == "road" and place.across:
        return _ROAD_FOOT
    return _FOOT[place.below]


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
    afloat = subject.place == "water" and place.below in _BY_WATER and not place.enclosed
    if (place.watery and not air) or afloat:
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
            k = min(height, widest * subject.height / subject.width, max(seat - st.h * 0.05, 60))
            side = (base.subject.seat_x - 0.5) * (-1 if base.flip else 1)
            x = base.x + side * base.width
            x += r.uniform(-0.12, 0.12) * base.width
            return Placed(item, subject, x, seat + k * 0.03, k, flip=flip, shadow="contact")


def _more_on(first: Placed, base: Placed, count: int) -> list[Placed]:
    """Fellows beside the first on the same seat."""
    n = min(count, 4)
    step = min(first.width * 0.9, base.width * 0.7 / n)
    start = base.x - step * (n - 1) / 2 - first.x
    moved = [replace(first, x=first.x + start + step * i) for i in range(n)]
    return moved[1:] if abs(moved[0].x - first.x) < step / 2 else moved[:-1]

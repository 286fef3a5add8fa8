"""Which setting a scene takes place in, and its layers behind the subjects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tintype.media.draft.scene import Item, Scene
from tintype.media.draft.settings import enclosed, far, ground, shore
from tintype.media.draft.sky import birds, fog_bank, sky
from tintype.media.draft.stage import Stage
from tintype.media.draft.subjects import SUBJECTS

_BEHIND = ("mountains", "forest", "city", "hills")
_BELOW = ("road", "beach", "sea", "lake", "desert", "snowland", "field")
# Rooms are where these are, whatever the weather outside.
_INDOORS = frozenset({"sofa", "chair", "lamp", "table", "bed"})
_DRY = frozenset({"ground", "road", "surface", "wall"})
_VEHICLES = frozenset({"truck", "car", "bus", "bicycle"})


@dataclass(frozen=True, slots=True)
class Where:
    """`enclosed` alone, or a `behind` on the horizon with a `below` in front of it."""

    enclosed: str = ""
    behind: tuple[str, ...] = ()
    below: str = "field"
    across: bool = False  # The road is seen from its side.
    airborne: bool = False

    @property
    def watery(self) -> bool:
        return self.below in {"sea", "lake"} and not self.enclosed


_DEFAULT_BELOW: Mapping[str, str] = {
    "mountains": "field",
    "forest": "forest",
    "city": "city",
    "hills": "field",
}


def where(scene: Scene) -> Where:
    """The setting that the prompt names, completed from what its subjects need."""
    named = list(scene.settings)
    # The largest thing decides where an unplaced scene is: a cat under a tree is outdoors.
    known = [SUBJECTS[i.name] for i in scene.items if i.name in SUBJECTS and not _rides(scene, i)]
    hero = max(known, key=lambda s: s.metres) if known else None
    outdoors = [s for s in named if s not in {"studio", "room", "sky"}]
    for kind in ("space", "underwater"):
        if kind in named:
            return Where(enclosed=kind)
    if "room" in named:
        return Where(enclosed="room")
    if "studio" in named and not outdoors:
        return Where(enclosed="studio")
    if not outdoors and hero is not None:
        home = hero.home
        if scene.portrait and is_bust(scene):
            return Where(enclosed="portrait")
        if any(i.name in _INDOORS for i in scene.items) and "room" not in scene.without:
            home = "room"
        elif "sky" in named and home in {"room", "studio"}:
            home = "hills"
        elif home in {"room", "studio"} and (scene.weather or scene.items[0].flying):
            home = "field"  # "A cat in the rain" is not in a room.
        if home in scene.without:
            home = "studio" if home != "studio" else "field"
        if home in {"room", "studio", "space", "underwater"}:
            return Where(enclosed=home)
        outdoors = home.split("+")
    behind = tuple(s for s in _BEHIND if s in outdoors)
    below = next((s for s in _BELOW if s in outdoors), "")
    places = {SUBJECTS[i.name].place for i in scene.items if i.name in SUBJECTS}
    if not below:
        if "water" in places:
            below = "sea" if not behind else "lake"
        elif scene.items and scene.items[0].name in _VEHICLES and behind != ("city",):
            below = "road"
        else:
            below = _DEFAULT_BELOW[behind[0]] if behind else "field"
    if below == "beach" and "lake" in outdoors:
        below = "shore"  # "On the shore of a lake."
    if below in {"sea", "lake"} and _on_land(scene):
        below = "coast" if below == "sea" else "shore"
    if not behind and "desert" not in outdoors:
        behind = {
            "road": ("hills",),
            "field": ("hills",),
            "lake": ("mountains",),
            "shore": ("mountains",),
            "snowland": ("hills",),
        }.get(below, ())
    airborne = bool(scene.items) and all(
        i.name in SUBJECTS and (SUBJECTS[i.name].place == "air" or i.flying) for i in scene.items
    )
    if below == "road" and behind[:1] == ("city",):
        below = "city"  # A road in a city is a street.
        places.add("road")
    across = below in {"road", "city"} and "road" in places
    return Where(
        behind=tuple(b for b in behind if b not in scene.without),
        below="field" if below in scene.without else below,
        across=across,
        airborne=airborne or (not scene.items and "sky" in named),
    )


def is_bust(scene: Scene) -> bool:
    """Whether a portrait shows one figure's head and shoulders."""
    known = [i for i in scene.items if i.name in SUBJECTS]
    one = len(known) == 1 and known[0].count == 1
    return scene.portrait and one and SUBJECTS[known[0].name].bust > 0


def _rides(scene: Scene, item: Item) -> bool:
    """Whether it is a townsman on a mount, and so where the mount is."""
    base = SUBJECTS.get(scene.items[item.other].name) if item.rel == "on" else None
    return base is not None and base.ridden > 0 and SUBJECTS[item.name].home == "city"


def _on_land(scene: Scene) -> bool:
    """Whether something in the scene can't be in the water: it neither swims, flies nor sails."""
    for item in scene.items:
        subject = SUBJECTS.get(item.name)
        if subject is None or item.flying or subject.place not in _DRY:
            continue
        base = SUBJECTS.get(scene.items[item.other].name) if item.rel == "on" else None
        if base is None or base.place in _DRY:
            return True
    return False


def horizon(place: Where, w: float, h: float) -> float:
    """Where the ground begins, as a height from the top, in units."""
    tall = h / w
    if place.enclosed == "room":
        return h * (0.68 if tall < 1.2 else 0.72)
    if place.enclosed == "studio":
        return h * 0.7
    if place.enclosed:
        return h
    if place.airborne:
        return h * 0.8
    share = {
        "sea": 0.52,
        "lake": 0.56,
        "shore": 0.54,
        "coast": 0.5,
        "beach": 0.46,
        "desert": 0.58,
    }.get(place.below, 0.6)
    return h * (share + (0.03 if tall > 1.2 else 0))


def backdrop(st: Stage, place: Where) -> str:
    """All layers behind the subjects."""
    match place.enclosed:
        case "room":
            return enclosed.room(st)
        case "studio":
            return enclosed.studio(st)
        case "portrait":
            return enclosed.portrait(st)
        case "space":
            return enclosed.space(st)
        case "underwater":
            return enclosed.underwater(st)
        case _:
            pass
    out = sky(st)
    land = ""
    rise = min(st.horizon * 0.62, st.s * 0.46)
    for kind in place.behind:
        match kind:
            case "mountains":
                land += far.mountains(st, st.horizon, rise=rise * (1.12 if place.airborne else 1))
            case "forest":
                land += far.forest(st, st.horizon, rise=rise * 0.66)
            case "city":
                land += far.city(st, st.horizon, rise=rise * 0.95)
            case _:
                land += far.hills(st, st.horizon, rise=rise * 0.4)
    out += land
    if place.below in {"sea", "coast", "beach"} and not place.behind:
        out += ground.islands(st)
    if "birds" not in st.scene.without and not st.light.lit and not place.airborne:
        out += birds(st, st.rng.choice([0, 4, 6]))
    out += _below(st, place)
    if place.below in {"lake", "shore"} and land:
        out += shore.reflection(st, land)
    if place.below in {"shore", "coast"}:
        out += shore.bank(st, sheltered=place.below == "shore")
    if "fog" in st.scene.weather:
        out += fog_bank(st, st.horizon, st.h * 0.62, 0.88)
    return out


def _below(st: Stage, place: Where) -> str:
    across = f"{place.below} across"
    if place.across and across in _GROUNDS:
        return _GROUNDS[across](st)
    return _GROUNDS[place.below](st)


def _road_across(st: Stage) -> str:
    return _road_land(st) + ground.road_across(st)


def _road_away(st: Stage) -> str:
    return _road_land(st) + ground.road_away(st)


def _road_land(st: Stage) -> str:
    """What a road runs through, where the prompt says so."""
    if "desert" in st.scene.settings:
        return ground.desert(st)
    return ground.snowland(st) if "snowland" in st.scene.settings else ground.field(st)


_GROUNDS: Mapping[str, Callable[[Stage], str]] = {
    "sea": partial(ground.water, setting="sea"),
    "lake": partial(ground.water, setting="lake"),
    "shore": partial(ground.water, setting="lake"),
    "coast": partial(ground.water, setting="sea"),
    "beach": ground.beach,
    "desert": ground.desert,
    "snowland": ground.snowland,
    "city": ground.plaza,
    "city across": ground.street,
    "forest": ground.forest_floor,
    "road": _road_away,
    "road across": _road_across,
    "field": ground.field,
}

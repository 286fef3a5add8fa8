"""A scene as SVG: light, backdrop, subjects with their shadows, foreground, weather, style."""

from collections.abc import Sequence

from tintype.media.draft.colour import darker, lighter, mix, recolored
from tintype.media.draft.layout import Placed, arrange, on_ledge
from tintype.media.draft.light import COLORS, light_for
from tintype.media.draft.mark import test_mark
from tintype.media.draft.pictures import Print, hung
from tintype.media.draft.posted import beside, is_posted, posted
from tintype.media.draft.scene import Scene, seeded
from tintype.media.draft.settings.backdrop import Where, backdrop, horizon, where
from tintype.media.draft.settings.enclosed import plinth
from tintype.media.draft.settings.foreground import foreground, ledge
from tintype.media.draft.sky import weather
from tintype.media.draft.stage import Stage
from tintype.media.draft.styles import border, restyled
from tintype.media.draft.subjects import Brush
from tintype.media.draft.svg import defs, ellipse, group, num, path, placed, rect
from tintype.media.draft.unknown import furnished, invented

# These shine by themselves, whatever the light.
_LAMPS = frozenset(
    [
        "#fff1b8",
        "#f6e3b0",
        "#ffe9a8",
        "#8ff0e6",
        "#fff6d8",
        "#ffd65a",
        "#f2912f",
        "#ffb53a",
        "#ffe9b0",
    ]
)
# What these are called red by is the colour that they have by nature.
_NATURAL = frozenset([("fox", "red"), ("fox", "orange"), ("deer", "red")])
# Window panes: daylight blue by day, lamp light when lamps are on.
_PANES = frozenset(["#9fd0e0", "#bfe0ea", "#5d8fb0"])
_LAMP_LIGHT = "#ffd98a"
# Splits a restyled drawing in two; a comment carries no colour, so restyling leaves it alone.
_SPLIT = "<!--pictures-->"


def compose(
    scene: Scene,
    w: float,
    h: float,
    *,
    seed: int,
    prints: Sequence[Print],
    words: str,
    test: bool,
) -> str:
    """The content of the `<svg>` element for a frame of w by h units.

    Prints hang between the backdrop and the subjects and keep their own colours, so both halves
    are restyled around them.
    """
    unknown = not (scene.items or scene.settings or prints)
    if unknown:
        scene = invented(scene, words)
    elif not scene.items and not prints:
        scene = furnished(scene)
    alone = bool(prints) and not scene.items
    place = Where(enclosed="studio") if alone and not scene.settings else where(scene)
    if prints and place.enclosed == "portrait":
        place = Where(enclosed="studio")
    # Each part has a generator of its own, so that one subject more or less moves nothing else.
    key = (seed, place, sorted(scene.times), sorted(scene.weather), words if unknown else "")
    light = light_for(scene, seeded("light", *key))
    rng = seeded("backdrop", *key)
    st = Stage(scene, light, rng, w, h, horizon(place, w, h), bool(prints))
    stands = is_posted(place, prints)
    if stands and (alone or beside(st)):
        st.pictures, st.aside = False, not alone
    behind = backdrop(st, place)
    st.rng = seeded("layout", *key, [item.name for item in scene.items])
    figures = arrange(st, place)
    before = _subjects(st, place, figures, seed)
    st.rng = seeded("front", *key)
    if not on_ledge(st, place):
        before += foreground(st, place)
    if not place.enclosed:
        before += weather(st)
    st.rng = seeded("pictures", seed, len(prints))
    behind, before = restyled(st, behind + _SPLIT + before).split(_SPLIT)
    show = posted if stands else hung
    pictures = show(st, place, prints, alone=alone) if prints else ""
    mark = test_mark(w, h) if test else ""
    return defs(*st.collected) + behind + pictures + before + border(st) + mark


def _subjects(st: Stage, place: Where, figures: list[Placed], seed: int) -> str:
    out = ""
    standing = [f for f in figures if f.item.rel != "on" and f.shadow != "none"]
    if place.enclosed == "studio" and standing:
        left = min(f.x - f.width / 2 for f in standing)
        right = max(f.x + f.width / 2 for f in standing)
        foot = max(f.foot for f in standing) - st.s * 0.012
        out += plinth(st, (left + right) / 2, foot, max((right - left) * 0.62, st.s * 0.2))
    elif standing and on_ledge(st, place):
        out += ledge(st, max(f.foot for f in standing))
    for number, figure in enumerate(figures):
        st.rng = seeded("figure", seed, figure.item.name, number)
        out += _shadow(st, figure) + _figure(st, place, figure)
        if figure.shadow == "water":
            out += _waterline(st, figure)
    return out


def _figure(st: Stage, place: Where, one: Placed) -> str:
    main, accent = _colors(st, one)
    body = one.subject.draw(
        Brush(
            st.rng,
            main,
            accent,
            bound=bool(one.item.colors),
            hat=_hat(one),
            seated=one.item.rel == "on",
        )
    )

    def in_light(color: str) -> str:
        if color in _LAMPS:
            return color
        if st.light.lit and color in _PANES:
            return _LAMP_LIGHT
        if place.enclosed == "underwater":
            return mix(color, "#1f6f98", 0.16)
        if place.enclosed in {"space", "studio", "portrait"}:
            return color
        # The eye looks for the subject, so light colours it less than its surroundings.
        return mix(st.light.at(color, one.far), color, 0.42)

    scale = one.height / one.subject.height
    x = one.x + one.width / 2 * (1 if one.flip else -1)
    figure = placed(recolored(body, in_light), x, one.top, scale, flip=one.flip)
    if not one.turn:
        return figure
    middle = f"{num(one.x)} {num(one.foot - one.height / 2)}"
    return group(figure, transform=f"rotate({num(one.turn)} {middle})")


def _colors(st: Stage, one: Placed) -> tuple[str, str]:
    """The body's colour and its trim: the prompt's where it names them, else the seed's."""
    subject = one.subject
    main, accent = st.rng.choice(subject.colors), st.rng.choice(subject.accents)
    if one.item.name == "tree" and st.scene.snowy:
        main = "#dfe8ee"
    elif one.item.name == "tree" and "autumn" in st.scene.weather:
        main = st.rng.choice(["#d98a3d", "#c9653f", "#d9a441"])
    natural = (one.item.name, *one.item.colors) in _NATURAL
    if one.item.colors and not natural:
        main = COLORS[one.item.colors[0]]
        if len(one.item.colors) > 1:
            accent = COLORS[one.item.colors[1]]
    return main, accent


def _hat(one: Placed) -> str:
    if one.item.hat in {"", "plain"}:
        return "#c9975a" if one.item.hat else ""
    return COLORS[one.item.hat]


def _shadow(st: Stage, one: Placed) -> str:
    """A soft pool on the ground that leans away from the sun."""
    if one.shadow == "none":
        return ""
    if one.shadow == "water":
        tone = darker(st.water or st.light.haze, 0.6)
        paint = st.radial((0, tone, 0.6), (1, tone, 0))
        rx = one.width * 0.58
        return ellipse(one.x, one.foot, rx, max(12.0, one.height * 0.09), paint)
    lean = 0.1 if st.light.sun_x < 0.5 else -0.1
    dark = mix("#1c1440", st.light.sky[0], 0.2)
    contact = one.shadow == "contact"
    strength = 0.28 if contact else 0.42
    paint = st.radial((0, dark, strength), (0.55, dark, strength * 0.6), (1, dark, 0))
    rx = one.width * (0.42 if contact else 0.62)
    y = one.foot - one.height * 0.008
    return ellipse(one.x + one.width * lean, y, rx, max(8.0, rx * 0.13), paint)


def _waterline(st: Stage, one: Placed) -> str:
    """Water over the lower edge of what floats, with a line of foam."""
    sink = one.height * one.subject.sink
    y, half = one.foot - sink, one.width * 0.56
    left = one.x - half
    step = half * 2 / 6
    crest = f"M{num(left)} {num(y + 6)}" + "".join(
        f"q{num(step / 2)} {num(-12 if i % 2 else 12)} {num(step)} 0" for i in range(6)
    )
    tone = st.water or st.light.haze
    paint = st.linear((0, tone, 0.96), (0.55, tone, 0.85), (1, tone, 0))
    d = crest + f"C{num(one.x + half * 0.7)} {num(one.foot + sink * 0.9 + 14)} "
    d += f"{num(one.x - half * 0.7)} {num(one.foot + sink * 0.9 + 14)} {num(left)} {num(y + 6)}Z"
    foam = path(crest, "none", stroke=lighter(tone, 0.75), stroke_width=4, opacity=0.8)
    out = path(d, paint) + foam
    for i in (-1, 1):
        width = half * 0.5
        x = one.x + i * half * 0.75 - width / 2
        out += rect(x, one.foot + 6, width, 3.5, lighter(tone, 0.6), 2, opacity=0.5)
    return out

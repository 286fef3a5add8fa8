"""A scene as SVG: light, backdrop, subjects with their shadows, foreground, weather, style."""

import random
from collections.abc import Sequence

from tintype.media.draft.colour import darker, mix, recolored
from tintype.media.draft.layout import Placed, arrange
from tintype.media.draft.light import COLORS, light_for
from tintype.media.draft.mark import test_mark
from tintype.media.draft.pictures import Print, hung
from tintype.media.draft.scene import Item, Scene
from tintype.media.draft.settings.backdrop import Where, backdrop, horizon, where
from tintype.media.draft.settings.enclosed import plinth
from tintype.media.draft.sky import weather
from tintype.media.draft.stage import Stage
from tintype.media.draft.styles import border, restyled
from tintype.media.draft.svg import defs, ellipse, group, placed, rect
from tintype.media.draft.unknown import invented


def compose(
    scene: Scene,
    rng: random.Random,
    w: float,
    h: float,
    prints: Sequence[Print],
    *,
    words: str,
    test: bool,
) -> str:
    """The content of the `<svg>` element for a frame of w by h units."""
    alone = bool(prints) and not scene.items
    if not scene.items and not scene.settings and not prints:
        scene = invented(scene, words)
    place = where(scene)
    if alone and not scene.settings:
        place = Where(enclosed="studio")
    st = Stage(scene, light_for(scene, rng), rng, w, h, horizon(place, w, h))
    figures = arrange(st, place, pictures=bool(prints) and not alone)
    art = backdrop(st, place)
    art += _subjects(st, place, figures, prints_alone=alone)
    art += weather(st) if not place.enclosed else ""
    art = restyled(st, art)
    pictures = hung(st, place, prints, alone=alone) if prints else ""
    if pictures and not alone:
        # Prints hang behind the subjects but keep their own colours, so they are painted between.
        behind = restyled_parts(st, place, figures)
        art, front = behind
        art += pictures + front
    else:
        art += pictures
    art += border(st)
    if test:
        art += test_mark(w, h)
    return defs(*st.collected) + art


def restyled_parts(st: Stage, place: Where, figures: list[Placed]) -> tuple[str, str]:
    st.collected.clear()
    back = backdrop(st, place)
    front = _subjects(st, place, figures, prints_alone=False)
    if not place.enclosed:
        front += weather(st)
    mark = "<!--front-->"
    whole = restyled(st, back + mark + front)
    one, two = whole.split(mark)
    return one, two


def _subjects(st: Stage, place: Where, figures: list[Placed], *, prints_alone: bool) -> str:
    del prints_alone
    out = ""
    if place.enclosed == "studio" and figures:
        grounded = [f for f in figures if f.item.rel != "on"]
        middle = (
            min(f.x - f.width / 2 for f in grounded) + max(f.x + f.width / 2 for f in grounded)
        ) / 2
        span = max(f.x + f.width / 2 for f in grounded) - min(f.x - f.width / 2 for f in grounded)
        out += plinth(
            st, middle, max(f.foot for f in grounded) - st.s * 0.012, max(span * 0.62, st.s * 0.2)
        )
    for figure in figures:
        out += _shadow(st, place, figure) + _figure(st, place, figure)
    return out


def _figure(st: Stage, place: Where, one: Placed) -> str:
    from tintype.media.draft.subjects import Brush  # noqa

    brush = Brush(st.rng, *_colors(st, one), bound=bool(one.item.colors))
    body = one.subject.draw(brush)
    if not place.enclosed or place.enclosed == "room":
        body = recolored(body, lambda c: st.light.at(c, one.far))
    elif place.enclosed == "underwater":
        body = recolored(body, lambda c: mix(c, "#1f6f98", 0.16))
    scale = one.height / one.subject.height
    half = one.width / 2
    x = one.x + half if one.flip else one.x - half
    return placed(body, x, one.top, scale, flip=one.flip, turn=one.turn)


def _colors(st: Stage, one: Placed) -> tuple[str, str]:
    subject = one.subject
    main, accent = st.rng.choice(subject.colors), st.rng.choice(subject.accents)
    if one.item.colors:
        main = COLORS[one.item.colors[0]]
        if len(one.item.colors) > 1:
            accent = COLORS[one.item.colors[1]]
    return main, accent


def _shadow(st: Stage, place: Where, one: Placed) -> str:
    if one.shadow == "none":
        return ""
    lean = 0.1 if st.light.sun_x < 0.5 else -0.1
    dark = mix("#1c1440", st.light.sky[0], 0.2)
    if one.shadow == "water":
        glow = st.radial(
            (0, darker(st.light.haze, 0.75), 0.45), (1, darker(st.light.haze, 0.75), 0)
        )
        return ellipse(
            one.x, one.foot - one.height * 0.02, one.width * 0.62, one.height * 0.07, glow
        )
    strength = 0.42 if one.shadow == "ground" else 0.28
    paint = st.radial((0, dark, strength), (0.55, dark, strength * 0.6), (1, dark, 0))
    rx = one.width * (0.62 if one.shadow == "ground" else 0.42)
    return ellipse(
        one.x + one.width * lean, one.foot - one.height * 0.008, rx, max(8.0, rx * 0.13), paint
    )


__all__ = ["Item", "compose", "group", "rect"]

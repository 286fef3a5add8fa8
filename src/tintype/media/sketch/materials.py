"""What surfaces are made of, and what the things of this world are usually made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from tintype.media.draft.colour import rgb
from tintype.media.draft.light import COLORS
from tintype.media.finish.frame import Floats

Texture = Literal[
    "none", "wood", "weave", "twill", "knit", "leather", "brushed", "stone", "marble",
    "glaze", "fibre", "wicker", "leaf", "pile", "drape",
]  # fmt: skip
Form = Literal["round", "soft", "slab", ""]
Role = Literal["main", "opening", "handle", "nested", "top", "bottom", "band", "side", "rod"]

SHADES: Final[Mapping[str, str]] = {
    **COLORS,
    "burgundy": "#7d1f38",
    "navy": "#22345f",
    "olive": "#737a3c",
    "mint": "#a9dcc0",
    "coral": "#f07a63",
    "mustard": "#d9a526",
    "emerald": "#16795a",
    "lavender": "#b9a3d8",
    "cream": "#f1e6cf",
}


@dataclass(frozen=True, slots=True)
class Material:
    """How a surface takes light; `color` is what it has where the prompt names none.

    `rough` is GGX's perceptual roughness, `f0` the share of light reflected head on, `metal` says
    that its colour is in the reflection. `sheen` is the glow of fibres at grazing angles, `bump`
    the depth of its texture, `clear` the share of light that passes, `puff` how far a soft part
    of it swells.
    """

    color: str
    rough: float = 0.5
    f0: float = 0.04
    metal: bool = False
    sheen: float = 0.0
    texture: Texture = "none"
    bump: float = 0.0
    clear: float = 0.0
    puff: float = 1.0


MATERIALS: Final[Mapping[str, Material]] = {
    "ceramic": Material("#eee6d8", 0.2, 0.05, texture="glaze", bump=0.5),
    "clay": Material("#c0673f", 0.8, texture="stone", bump=0.45),
    "metal": Material("#c3c6ca", 0.24, 0.9, metal=True, texture="brushed", bump=0.6),
    "copper": Material("#d98a63", 0.26, 0.9, metal=True, texture="brushed", bump=0.5),
    "brass": Material("#d9b25e", 0.24, 0.9, metal=True, texture="brushed", bump=0.5),
    "chrome": Material("#d6d8db", 0.1, 0.9, metal=True),
    "glass": Material("#cfe3e0", 0.06, 0.06, clear=0.94),
    "wood": Material("#a8713f", 0.46, texture="wood", bump=0.7, puff=0.55),
    "leather": Material("#8d5230", 0.42, texture="leather", bump=1.0),
    "fabric": Material("#cdbfa8", 0.92, sheen=0.25, texture="weave", bump=1.0),
    "silk": Material("#d9c3b4", 0.34, 0.06, sheen=0.5, texture="drape", bump=1.0),
    "velvet": Material("#6c2340", 0.85, sheen=1.1, texture="pile", bump=0.6),
    "denim": Material("#41608c", 0.9, sheen=0.15, texture="twill", bump=1.0),
    "knit": Material("#d8cbb3", 0.95, sheen=0.35, texture="knit", bump=1.6),
    "plastic": Material("#e9e9e6", 0.22, 0.045),
    "rubber": Material("#2e2f33", 0.65),
    "stone": Material("#a3a098", 0.8, texture="stone", bump=1.0, puff=0.7),
    "marble": Material("#efede8", 0.2, 0.05, texture="marble", puff=0.8),
    "paper": Material("#f0ead9", 0.95, texture="fibre", bump=0.3, puff=0.15),
    "plant": Material("#5c9150", 0.55, sheen=0.15, texture="leaf", bump=0.8),
    "straw": Material("#d9b877", 0.75, texture="wicker", bump=1.5),
    "paint": Material("#d0d4d8", 0.16, 0.05),
    "smoked": Material("#222c33", 0.08, 0.06),
}


@dataclass(frozen=True, slots=True)
class Accent:
    """What a part is made of where the prompt says nothing of it; "" keeps the thing's own."""

    material: str = ""
    color: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """`hollow` things show their inside in a flat oval on top; `ringed` ones have a hole.

    Where a thing is `topped`, its largest part is its top: a lamp's shade.
    """

    material: str
    form: Form = ""
    hollow: bool = True
    ringed: bool = False
    topped: bool = False
    accents: Mapping[Role, Accent] | None = None


_METAL_BITS: Final[Mapping[Role, Accent]] = {"nested": Accent("brass"), "rod": Accent("brass")}
THINGS: Final[Mapping[str, Thing]] = {
    "": Thing("ceramic"),
    "mug": Thing("ceramic", "round"),
    "vase": Thing("ceramic", "round"),
    "bowl": Thing("ceramic", "round"),
    "teapot": Thing("ceramic", "round", hollow=False),
    "bottle": Thing("glass", "round", accents={"band": Accent("paper"), "top": Accent("wood")}),
    "perfume": Thing(
        "glass", "slab", accents={"top": Accent("brass"), "nested": Accent("paper")}
    ),
    "lamp": Thing(
        "fabric", "round", hollow=False, topped=True,
        accents={"bottom": Accent("brass"), "side": Accent("brass"), "rod": Accent("brass")},
    ),
    "dress": Thing("fabric", "round", hollow=False, accents={"nested": Accent("brass")}),
    "shirt": Thing("knit", "soft", hollow=False),
    "shoe": Thing(
        "leather", "soft", hollow=False,
        accents={"bottom": Accent("rubber", "#efeae0"), "rod": Accent("fabric", "#f3efe6")},
    ),
    "bag": Thing("leather", "soft", hollow=False, accents=_METAL_BITS),
    "chair": Thing("wood", "slab", hollow=False),
    "sofa": Thing("fabric", "soft", hollow=False, accents={"bottom": Accent("wood")}),
    "table": Thing("wood", "slab", hollow=False, accents={"nested": Accent("", "")}),
    "car": Thing(
        "paint", "soft", hollow=False,
        accents={
            "bottom": Accent("rubber"), "nested": Accent("smoked"), "rod": Accent("chrome"),
        },
    ),
    "hat": Thing("fabric", "soft", hollow=False, accents={"band": Accent("silk", "#33302f")}),
    "cactus": Thing(
        "plant", "soft", hollow=False, accents={"bottom": Accent("clay"), "band": Accent("clay")}
    ),
    "fruit": Thing(
        "paint", "soft", hollow=False,
        accents={"top": Accent("plant"), "rod": Accent("wood", "#5b402a")},
    ),
    "animal": Thing("velvet", "soft", hollow=False),
    "ring": Thing("ceramic", "soft", hollow=False, ringed=True),
    "watch": Thing("metal", "soft", hollow=False, accents={"nested": Accent("ceramic")}),
    "house": Thing("stone", "slab", hollow=False, accents={"nested": Accent("smoked")}),
    "flower": Thing("silk", "soft", hollow=False, accents={"bottom": Accent("plant")}),
    "book": Thing("paper", "slab", hollow=False),
    "instrument": Thing("wood", "slab", hollow=False),
    "gadget": Thing("plastic", "slab", hollow=False, accents={"nested": Accent("smoked")}),
}  # fmt: skip


def linear(color: str) -> Floats:
    """`#rrggbb` as three numbers in linear light, 0 to 1."""
    value = np.array(rgb(color), np.float32) / 255
    low = value / 12.92
    high = ((value + 0.055) / 1.055) ** 2.4
    return np.where(value <= 0.04045, low, high).astype(np.float32)  # noqa: PLR2004

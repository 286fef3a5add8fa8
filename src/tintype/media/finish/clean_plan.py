"""From what was measured to what will be done: a handful of numbers, each in proportion.

No single measure proves that a picture was pushed: a poppy field is as red as it is, and a lens
out of focus is as smooth as it is. Together they do: generated pictures are waxy *and* vivid
*and* haloed. So each trace is mended by its own measure, and colour and contrast, which have no
zero of their own, by how far all traces agree (`evidence`).
"""

from dataclasses import dataclass
from math import sqrt, tanh
from typing import Final, Literal, get_args

from tintype.media.finish.frame_planes import ramp
from tintype.media.finish.measure import Found

LEAST: Final = 0.01
"""An amount below this changes no pixel by a whole level."""
_AGREED: Final = (0.3, 1.0)
"""What a single trace may amount to without proving anything, and what settles it."""

Preset = Literal["portrait", "product", "landscape", "illustration"]
CLEAN_PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)


@dataclass(frozen=True, slots=True)
class Weights:
    """What a preset changes: factors on each kind of mending, and on how it treats memory colours.

    `skin` and `nature` (foliage and sky) are the share of the desaturation that these hues are
    spared.
    """

    texture: float = 1.0
    halo: float = 1.0
    saturation: float = 1.0
    contrast: float = 1.0
    cast: float = 1.0
    skin: float = 0.25
    nature: float = 0.0


PRESETS: Final[dict[Preset | None, Weights]] = {
    None: Weights(),
    # Pores come back at half the strength of cloth's or hair's texture, and skin keeps its hue.
    "portrait": Weights(texture=0.7, contrast=0.9, skin=0.5),
    # A backdrop is grey by design, so its tint can be trusted to be a cast.
    "product": Weights(texture=0.6, cast=1.4, contrast=0.7, skin=0.0),
    "landscape": Weights(texture=1.2, cast=0.6, skin=0.0, nature=0.3),
    # Drawn colours and flat areas are meant so.
    "illustration": Weights(texture=0.0, halo=0.6, saturation=0.45, contrast=0.35, cast=0.5),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done.

    `texture` is 0 to 1, and `lift` the share by which weak fine detail is raised in any case.
    `halo` is the unsharp gain to undo, at `halo_pixels`. `chroma` multiplies chroma, 1 keeps it;
    `skin` and `nature` are spared as in `Weights`. `steepness` is that of the S-curve to undo;
    `gains` go on linear red and blue.
    """

    texture: float
    lift: float
    halo: float
    halo_pixels: float
    chroma: float
    skin: float
    nature: float
    steepness: float
    gains: tuple[float, float]

    @property
    def mends_luma(self) -> bool:
        return max(self.texture, self.lift, self.halo) >= LEAST

    @property
    def is_nothing(self) -> bool:
        recolours = self.steepness >= LEAST or self.gains != (1.0, 1.0) or 1 - self.chroma >= LEAST
        return not recolours and not self.mends_luma


def plan(found: Found, preset: Preset | None, strength: float) -> Plan:
    """The mending at `strength` 0 to 1; every amount grows with strength from nothing."""
    weights = PRESETS[preset]
    photograph = strength * (1 - found.graphic)
    proof = evidence(found)
    red, blue = found.colour.cast
    # An S-curve's departure from the straight line goes with the square of its steepness.
    steepness = 2.8 * sqrt(weights.contrast * photograph * (0.06 + 0.94 * proof))
    trust = -0.5 * weights.cast * photograph * proof
    return Plan(
        texture=weights.texture * photograph * found.wax.amount,
        lift=weights.texture * (1.3 * _flattening(steepness) + 0.05 * photograph * proof),
        halo=weights.halo * photograph * max(found.halo.amount, 0.4 * proof),
        halo_pixels=found.halo.pixels,
        chroma=1 - weights.saturation * photograph * (0.05 + 0.3 * proof),
        skin=weights.skin,
        nature=weights.nature,
        steepness=steepness,
        gains=(float(red**trust), float(blue**trust)),
    )


def evidence(found: Found) -> float:
    """How far the traces agree that the picture was pushed: 0 for none, 1 for no doubt."""
    colour = found.colour
    traces = (
        0.55 * found.wax.amount,
        0.8 * min(found.halo.amount, 0.5),
        0.25 * ramp(colour.walled, 0.005, 0.12),
        0.45 * ramp(colour.chroma_high, 40, 85),
        0.15 * ramp(colour.crushed + colour.glowing, 0.005, 0.1),
    )
    return ramp(sum(traces), *_AGREED)


def _flattening(steepness: float) -> float:
    """The gain that makes up for what undoing an S-curve takes from detail in the middle tones."""
    if steepness < LEAST:
        return 0.0
    return steepness / (4 * tanh(steepness / 4)) - 1

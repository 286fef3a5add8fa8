"""The stage of one drawing: its size in units, its light, and the gradients it collects.

The short side of every picture is 1,000 units, whatever its pixels, so drawings know one scale.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from tintype.media.draft.light import Light
from tintype.media.draft.scene import Scene
from tintype.media.draft.svg import element, linear, radial

SHORT_SIDE = 1000.0
Stop = tuple[float, str] | tuple[float, str, float]


@dataclass(slots=True)
class Stage:
    """`horizon` is the height (y) where the ground begins."""

    scene: Scene
    light: Light
    rng: random.Random
    w: float
    h: float
    horizon: float
    pictures: bool = False  # References hang above the subjects.
    aside: bool = False  # They stand beside the subjects, on the side of the light.
    collected: list[str] = field(default_factory=list)
    water: str = ""  # The colour of the water, once it is painted.

    @property
    def s(self) -> float:
        return min(self.w, self.h)

    def linear(self, *stops: Stop, across: bool = False) -> str:
        """A new gradient's paint; stops are (offset, colour[, opacity])."""
        name = self._name()
        self.collected.append(linear(name, _full(stops), across=across))
        return f"url(#{name})"

    def radial(self, *stops: Stop) -> str:
        """The same from the middle of a shape to its rim."""
        name = self._name()
        self.collected.append(radial(name, _full(stops)))
        return f"url(#{name})"

    def clip(self, shape: str) -> str:
        """A new clip path's reference."""
        name = self._name()
        self.collected.append(element("clipPath", shape, id=name))
        return f"url(#{name})"

    def _name(self) -> str:
        return f"g{len(self.collected)}"

    def depth(self, color: str, far: float) -> str:
        """A natural colour as it looks at a distance: 0 at hand, 1 at the horizon."""
        return self.light.at(color, far)


def _full(stops: Iterable[Stop]) -> list[tuple[float, str, float]]:
    return [(s[0], s[1], s[2] if len(s) == 3 else 1.0) for s in stops]

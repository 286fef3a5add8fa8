"""The stage of one drawing: its size in units, its light, and the gradients it collects.

The short side of every picture is 1,000 units, whatever its pixels, so drawings know one scale.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from tintype.media.draft.light import Light
from tintype.media.draft.scene import Scene
from tintype.media.draft.svg import linear, radial

SHORT_SIDE = 1000.0


@dataclass(slots=True)
class Stage:
    """`horizon` is the height (y) where the ground begins; `busy` is where pictures hang."""

    scene: Scene
    light: Light
    rng: random.Random
    w: float
    h: float
    horizon: float
    collected: list[str] = field(default_factory=list)

    @property
    def s(self) -> float:
        return min(self.w, self.h)

    def linear(
        self, *stops: tuple[float, str] | tuple[float, str, float], across: bool = False
    ) -> str:
        """A new gradient's paint; stops are (offset, colour[, opacity])."""
        return self._keep(linear, stops, across=across)

    def radial(self, *stops: tuple[float, str] | tuple[float, str, float]) -> str:
        name = f"g{len(self.collected)}"
        self.collected.append(radial(name, _full(stops)))
        return f"url(#{name})"

    def _keep(
        self,
        kind: object,
        stops: Iterable[tuple[float, str] | tuple[float, str, float]],
        *,
        across: bool,
    ) -> str:
        name = f"g{len(self.collected)}"
        self.collected.append(linear(name, _full(stops), across=across))
        return f"url(#{name})"

    def depth(self, color: str, far: float) -> str:
        """A natural colour as it looks at a distance: 0 at hand, 1 at the horizon."""
        return self.light.at(color, far)


def _full(
    stops: Iterable[tuple[float, str] | tuple[float, str, float]],
) -> list[tuple[float, str, float]]:
    return [(s[0], s[1], s[2] if len(s) == 3 else 1.0) for s in stops]

"""The cameras of *realistic*: what is particular to each, as numbers in one table.

Lengths in pixels are those of a 12 MP picture; `realistic` scales them to the picture's size.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

HALF_DIAGONAL_MM: Final = 21.63
"""Of the 36 x 24 mm frame that focal lengths are quoted for."""
PIXELS: Final = 12_000_000
"""The size of picture that the table's pixels and electrons are meant for."""

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Camera:
    """One lens, one sensor or film, one development.

    - `focal_mm`: 35 mm equivalent whose cos4 falloff the picture has. Longer than the lens itself
      where a camera corrects most of its falloff, as phones do.
    - `lateral`: how much larger red is drawn than green, and blue smaller, as a share.
    - `corner_blur`: the blur's sigma in the extreme corner, in pixels.
    - `iso`, `full_well`, `read_noise`: electrons that a pixel holds at ISO 100 when the signal is
      white, and the sigma of reading it. Gain follows: at ISO 800 white is an eighth of them.
    - `grain`: None for a sensor behind a Bayer mosaic; for film the sigma of its grain in pixels.
    - `layers`: the share of the noise's variance that the three colours have in common.
    - `curve`: knots of the tone curve, sRGB-encoded in and out, 1 is white. It goes on to 1.1:
      light beyond white, which a shoulder rolls off.
    - `white_balance`: gains of red and blue over green, in linear light.
    - `chroma_blur`: sigma of the colour's softness in pixels.
    - `halation`: share of the light of highlights that film scatters back into its red layer.
    """

    focal_mm: float
    lateral: float
    corner_blur: float
    iso: int
    full_well: float
    read_noise: float
    grain: float | None
    layers: float
    curve: Curve
    white_balance: tuple[float, float]
    chroma_blur: float
    halation: float = 0.0

    @property
    def white_electrons(self) -> float:
        """Electrons of a white pixel at the camera's ISO."""
        return self.full_well * 100 / self.iso


TABLE: Final[Mapping[str, Camera]] = {
    "phone": Camera(
        focal_mm=70.0, lateral=0.00025, corner_blur=1.1,
        iso=800, full_well=12_000, read_noise=2.5, grain=None, layers=0.0,
        curve=((0, 0), (0.12, 0.115), (0.3, 0.31), (0.6, 0.63), (0.85, 0.88),
               (1, 0.985), (1.1, 1)),
        white_balance=(1.0, 1.015), chroma_blur=1.8,
    ),
    "mirrorless": Camera(
        focal_mm=60.0, lateral=0.0003, corner_blur=1.0,
        iso=5000, full_well=100_000, read_noise=3.0, grain=None, layers=0.0,
        curve=((0, 0), (0.1, 0.088), (0.3, 0.295), (0.6, 0.615), (0.85, 0.865),
               (1, 0.98), (1.1, 1)),
        white_balance=(1.01, 0.995), chroma_blur=1.2,
    ),
    "film-400": Camera(
        focal_mm=50.0, lateral=0.0004, corner_blur=1.4,
        iso=400, full_well=3_600, read_noise=0.5, grain=0.95, layers=0.6,
        curve=((0, 0.012), (0.05, 0.042), (0.1, 0.09), (0.3, 0.3), (0.6, 0.622), (0.85, 0.858),
               (1, 0.955), (1.1, 0.985)),
        white_balance=(1.035, 0.95), chroma_blur=1.0,
    ),
    "film-800": Camera(
        focal_mm=45.0, lateral=0.0005, corner_blur=1.7,
        iso=800, full_well=4_800, read_noise=0.5, grain=1.2, layers=0.6,
        curve=((0, 0.024), (0.05, 0.048), (0.1, 0.092), (0.3, 0.298), (0.6, 0.618), (0.85, 0.85),
               (1, 0.945), (1.1, 0.98)),
        white_balance=(1.05, 0.925), chroma_blur=1.2, halation=0.08,
    ),
}  # fmt: skip
"""Of the order of real ones, and chosen by eye on photographs and drawings."""

CAMERAS: Final = tuple(TABLE)
DEFAULT: Final = "mirrorless"

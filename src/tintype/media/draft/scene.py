"""What a prompt asks to see, as one typed value: the only thing that drawing reads.

`reading.py` makes it of the prompt's words.
"""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

GROUPS: Mapping[str, frozenset[str]] = {
    "people": frozenset(
        ["person", "woman", "man", "child", "couple", "dancer", "hiker", "astronaut"]
    ),
    "animals": frozenset(
        [
            "cat",
            "dog",
            "horse",
            "fox",
            "wolf",
            "bear",
            "panda",
            "rabbit",
            "elephant",
            "deer",
            "lion",
            "owl",
            "eagle",
            "bird",
            "penguin",
            "butterfly",
            "fish",
            "whale",
            "dolphin",
            "turtle",
            "birds",
        ]
    ),
    "vehicles": frozenset(
        ["truck", "car", "bus", "bicycle", "train", "airplane", "balloon", "rocket"]
    ),
    "buildings": frozenset(
        ["house", "castle", "lighthouse", "skyscraper", "bridge", "windmill", "city"]
    ),
    "trees": frozenset(["tree", "pine", "palm", "trees"]),
    "snowland": frozenset(["snowland", "snowfall", "snowcap"]),
    "snowfall": frozenset(["snowland", "snowfall", "snowcap"]),
    "night": frozenset(["night", "moon", "stars"]),
    "clear": frozenset(["clear", "sun"]),
    "bird": frozenset(["bird", "birds"]),
    "tree": frozenset(["tree", "pine", "palm", "trees"]),
    "person": frozenset(["person", "woman", "man", "child", "couple", "dancer", "hiker"]),
}
ENCLOSED = frozenset(["room", "studio", "space", "underwater"])


@dataclass(frozen=True, slots=True)
class Item:
    """One subject: `colors` as bound by the prompt, `rel` how it stands to item number `other`."""

    name: str
    count: int = 1
    colors: tuple[str, ...] = ()
    flying: bool = False
    rel: str = ""
    other: int = -1
    hat: str = ""  # The colour of its hat, "plain" where the prompt says none.


@dataclass(frozen=True, slots=True)
class Scene:
    items: tuple[Item, ...] = ()
    settings: tuple[str, ...] = ()
    setting_colors: Mapping[str, str] = field(default_factory=dict)
    times: tuple[str, ...] = ()
    weather: frozenset[str] = frozenset()
    styles: frozenset[str] = frozenset()
    tint: str | None = None
    without: frozenset[str] = frozenset()
    close: bool = False
    portrait: bool = False

    @property
    def snowy(self) -> bool:
        """Whether snow lies about; "snow-capped" means the peaks alone where there are any."""
        lies = bool(self.weather & {"snowfall"}) or "snowland" in self.settings
        return lies or ("snowcap" in self.weather and "mountains" not in self.settings)

    def shows(self, ambient: str) -> bool:
        """Whether a part of the decor (clouds, birds, trees, ...) may be drawn."""
        return ambient not in self.without


def seeded(*parts: object) -> random.Random:
    """A generator that depends on `parts` only, the same in every process."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return random.Random(int.from_bytes(hashlib.sha256(text).digest()[:8]))

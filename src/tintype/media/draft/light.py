"""Light: what the time of day, the weather and the seed do to every colour of a scene."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tintype.media.draft.colour import mix, multiplied
from tintype.media.draft.scene import Scene


@dataclass(frozen=True, slots=True)
class Light:
    """`sky` from top to horizon, `haze` the colour of distance, `ambient` what all is lit by.

    `sun_x` is a share of the width; shadows fall away from it. `lit` says that lamps are on.
    """

    sky: tuple[str, str, str]
    haze: str
    sun: str
    ambient: str
    strength: float  # How much of `ambient` colours things, 0 to 1.
    time: str
    sun_x: float = 0.7
    sun_y: float = 0.3
    lit: bool = False

    def at(self, color: str, far: float) -> str:
        lit = mix(color, multiplied(color, self.ambient), self.strength)
        return mix(lit, self.haze, max(0.0, min(1.0, far)))


_SKIES: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    # top, middle, horizon, haze
    "day": (
        ("#3f93c8", "#8fcbe0", "#f6eedb", "#cfe2e2"),
        ("#4aa3a8", "#a5d8d3", "#fbf0d9", "#cfe5db"),
        ("#5a8fd6", "#aecdf0", "#fdeadb", "#d5dfee"),
        ("#2f7fb5", "#79bcd9", "#e9f2e4", "#bcd9de"),
    ),
    "dawn": (
        ("#6d8fc4", "#f3bfae", "#ffe6bf", "#efc9bd"),
        ("#7f86bd", "#f5a9a3", "#ffdcae", "#eab8b6"),
        ("#82b1c9", "#f7cdb6", "#fff0cd", "#ecd3c3"),
    ),
    "sunset": (
        ("#3d4a8c", "#e0667a", "#ffbd6b", "#e98f7d"),
        ("#6a3f7d", "#f0715c", "#ffc764", "#ee8a66"),
        ("#27647f", "#f19a6b", "#ffd58a", "#e3a17f"),
    ),
    "dusk": (
        ("#232c63", "#7a4f92", "#f0928a", "#94699a"),
        ("#1d3a63", "#57608f", "#e5a290", "#7d789c"),
    ),
    "night": (
        ("#0b1433", "#1b2f66", "#3f5f9c", "#2c4680"),
        ("#140f38", "#33256b", "#6d4d96", "#473579"),
        ("#071d33", "#124262", "#3b7a8f", "#245a74"),
    ),
}
_LAMPS: Mapping[str, tuple[str, str, float]] = {
    # sun or moon, ambient, strength
    "day": ("#fff6d6", "#ffffff", 0.0),
    "dawn": ("#fff3cf", "#ffdccb", 0.55),
    "sunset": ("#fff0b3", "#ffb58a", 0.62),
    "dusk": ("#ffe0b0", "#a58fc7", 0.75),
    "night": ("#f7f1d5", "#5f75b8", 0.82),
}


def light_for(scene: Scene, rng: random.Random) -> Light:
    """The light a scene asks for; where it names no time, the seed chooses one that suits."""
    time = _time(scene, rng)
    top, middle, low, haze = rng.choice(_SKIES[time])
    sun, ambient, strength = _LAMPS[time]
    left = rng.random() < 0.5
    light = Light(
        sky=(top, middle, low),
        haze=haze,
        sun=sun,
        ambient=ambient,
        strength=strength,
        time=time,
        sun_x=rng.uniform(0.16, 0.3) if left else rng.uniform(0.7, 0.84),
        sun_y={"day": 0.2, "dawn": 0.62, "sunset": 0.7, "dusk": 0.85, "night": 0.2}[time],
        lit=time in {"night", "dusk"},
    )
    return _weathered(light, scene)


def _time(scene: Scene, rng: random.Random) -> str:
    pick = rng.choice(["day", "day", "day", "dawn", "sunset"])
    if scene.times:
        # "Evening moonlight" is night: the darkest word wins.
        order = ["night", "dusk", "sunset", "dawn", "day"]
        return min(scene.times, key=order.index)
    if "snowcap" in scene.weather and pick == "sunset":
        return "dawn"
    if scene.weather & {"clear", "rain", "storm", "fog", "summer"} or pick in scene.without:
        return "day"
    return pick


def _weathered(light: Light, scene: Scene) -> Light:
    weather = scene.weather
    grey, share = "#8d9bab", 0.0
    if weather & {"rain", "fog"}:
        share = 0.55
    if weather & {"snowfall"}:
        grey, share = "#c9d3de", 0.5
    if "storm" in weather:
        grey, share = "#47506b", 0.66
    if light.time == "night":
        grey = mix(grey, "#18233f", 0.7)
    sky = tuple(mix(c, grey, share * k) for c, k in zip(light.sky, (1.0, 0.85, 0.6), strict=True))
    blue = scene.setting_colors.get("sky")
    light = replace(light, sky=(sky[0], sky[1], sky[2]), haze=mix(light.haze, grey, share * 0.8))
    if share:
        light = replace(
            light,
            ambient=multiplied(light.ambient, mix("#ffffff", grey, 0.5)),
            strength=max(light.strength, 0.5),
        )
    if blue is not None:
        tone = COLORS[blue]
        light = replace(
            light,
            sky=(
                mix(light.sky[0], tone, 0.85),
                mix(light.sky[1], tone, 0.6),
                mix(light.sky[2], tone, 0.25),
            ),
            haze=mix(light.haze, tone, 0.35),
        )
    return light


COLORS: Mapping[str, str] = {
    "red": "#d8433f",
    "orange": "#ee8632",
    "yellow": "#f4c136",
    "green": "#4c9a5c",
    "teal": "#35a79c",
    "blue": "#3a78c2",
    "purple": "#7e55ad",
    "pink": "#f08bab",
    "brown": "#8b5a3a",
    "black": "#2c2e38",
    "white": "#f7f4ec",
    "grey": "#8f96a0",
    "gold": "#dca73a",
    "silver": "#b9c2cb",
    "beige": "#e2cda9",
}

"""What a film may be: its size, length, pictures and transitions, known before one is begun."""

import re
from typing import Final, Literal, get_args

Transition = Literal["cut", "fade", "slide", "push"]
TRANSITIONS: Final[tuple[Transition, ...]] = get_args(Transition)

FPS_MIN, FPS_MAX = 12, 60
SIDE_MIN, SIDE_MAX = 64, 3840
PIXELS_MAX: Final = 3840 * 2160
RATIO_MAX: Final = 4
SECONDS_MIN, SECONDS_MAX = 1.0, 120.0
"""Of a film of many pictures."""
SCENES_MAX: Final = 40
SCENE_SECONDS_MIN: Final = 0.5
"""What each picture has of the film at least, or nobody sees it."""
_COLOUR: Final = re.compile("#[0-9a-fA-F]{6}")


def check_frames(width: int, height: int, fps: int) -> None:
    """Raises ValueError for frames of a size, or so many a second, that no reel has."""
    if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
        raise ValueError(f"A side of a reel must be {SIDE_MIN} to {SIDE_MAX} pixels.")
    if width % 2 or height % 2:
        raise ValueError("The sides of a reel must be even.")
    if width * height > PIXELS_MAX:
        raise ValueError(f"A frame of a reel has at most {PIXELS_MAX} pixels.")
    if max(width, height) > RATIO_MAX * min(width, height):
        raise ValueError(f"A reel's long side has at most {RATIO_MAX} times the short one.")
    if not FPS_MIN <= fps <= FPS_MAX:
        raise ValueError(f"A reel has {FPS_MIN} to {FPS_MAX} frames a second.")


def check_scenes(
    scenes: int,
    transition: str,
    width: int,
    height: int,
    fps: int,
    duration_seconds: float,
    accent: str | None = None,
) -> None:
    """Raises ValueError for a film of many pictures that can't be, before one is looked at."""
    check_frames(width, height, fps)
    if not 1 <= scenes <= SCENES_MAX:
        raise ValueError(f"A reel has 1 to {SCENES_MAX} pictures.")
    if transition not in TRANSITIONS:
        raise ValueError(f"A transition is one of {', '.join(TRANSITIONS)}.")
    if not SECONDS_MIN <= duration_seconds <= SECONDS_MAX:
        raise ValueError(f"A reel lasts {SECONDS_MIN:g} to {SECONDS_MAX:g} seconds.")
    if duration_seconds < scenes * SCENE_SECONDS_MIN:
        raise ValueError(
            f"A reel of {scenes} pictures lasts at least {scenes * SCENE_SECONDS_MIN:g} seconds."
        )
    if accent is not None and not _COLOUR.fullmatch(accent):
        raise ValueError("An accent colour is written as #rrggbb.")

"""A picture that every finishing model finds something to do at: waxy, neon and haloed."""

import functools

import pyvips

from support.machine_look import HELD_OUT, degrade, look
from support.scenes import scene
from tintype.engines.base import Blob

_SIDE = 256


@functools.cache
def waxy_picture(side: int) -> Blob:
    """A square PNG of so many pixels a side."""
    seen = degrade(scene(1001, _SIDE, _SIDE), look(HELD_OUT))
    image = pyvips.Image.new_from_memory(seen.tobytes(), _SIDE, _SIDE, 3, "uchar")
    drawn = image.copy(interpretation="srgb").resize(side / _SIDE)
    return Blob(drawn.pngsave_buffer(compression=1), "image/png")

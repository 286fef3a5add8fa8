"""The engines of a worker: for work that is queued."""

from tintype.engines import builtin, finish, montage, reel, retouch, sketch
from tintype.engines.registry import Engines
from tintype.media.inspect import Limits


def configured(*, draw_threads: int, limits: Limits | None = None) -> Engines:
    """The engines of a worker.

    `draw_threads` is how many drawings run at once, how many pictures are finished and how many
    retouched. Reels are half as many, since each fills two cores.
    """
    finishing = finish.FinishEngine(threads=draw_threads, limits=limits)
    return Engines(
        {
            builtin.MODEL: builtin.BuiltinEngine(threads=draw_threads),
            **dict.fromkeys(finish.OPERATIONS, finishing),
            retouch.MODEL: retouch.RetouchEngine(threads=draw_threads, limits=limits),
            reel.MODEL: reel.ReelEngine(threads=max(1, draw_threads // 2)),
            montage.MODEL: montage.MontageEngine(threads=max(1, draw_threads // 2)),
            sketch.MODEL: sketch.SketchEngine(threads=draw_threads),
        }
    )

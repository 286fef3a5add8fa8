"""The engines of a worker: for work that is queued."""

from tintype.engines import builtin, finish, reel, sketch
from tintype.engines.registry import Engines
from tintype.media.inspect import Limits


def configured(*, draw_threads: int, limits: Limits | None = None) -> Engines:
    """The engines of a worker.

    `draw_threads` is how many drawings run at once, and how many pictures are finished at once.
    Reels are half as many, since each fills two cores.
    """
    finishing = finish.FinishEngine(threads=draw_threads, limits=limits)
    return Engines(
        {
            builtin.MODEL: builtin.BuiltinEngine(threads=draw_threads),
            **dict.fromkeys(finish.OPERATIONS, finishing),
            reel.MODEL: reel.ReelEngine(threads=max(1, draw_threads // 2)),
            sketch.MODEL: sketch.SketchEngine(threads=draw_threads),
        }
    )

"""The visible list of engines, and which one serves a model.

Adding an engine is a file and an entry in `configured`; see `ADDING.md`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from tintype.core.errors import EngineUnavailable
from tintype.engines import builtin
from tintype.engines.base import Engine


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of this process by the models they serve; made once and passed on."""

    by_model: Mapping[str, Engine]

    def engine_for(self, model: str) -> Engine:
        """Raises `EngineUnavailable` when no engine of this process serves the model."""
        engine = self.by_model.get(model)
        if engine is None:
            raise EngineUnavailable("No engine here serves this model.", param="model")
        return engine

    def all(self) -> tuple[Engine, ...]:
        """Each engine once, however many models it serves."""
        return tuple(dict.fromkeys(self.by_model.values()))

    async def open_all(self) -> None:
        """Open every engine; when one fails, those already open are closed again."""
        opened: list[Engine] = []
        try:
            for engine in self.all():
                await engine.open()
                opened.append(engine)
        except BaseException:
            for engine in reversed(opened):
                await engine.close()
            raise

    async def close_all(self) -> None:
        """Close every engine, the others too when one fails; the faults are raised together."""
        closing = [engine.close() for engine in self.all()]
        answers = await asyncio.gather(*closing, return_exceptions=True)
        faults = [fault for fault in answers if isinstance(fault, Exception)]
        if faults:
            raise ExceptionGroup("Engines failed to close.", faults)


def configured(*, draw_threads: int) -> Engines:
    """The engines of this process. `draw_threads` is how many drawings run at once."""
    return Engines({builtin.MODEL: builtin.BuiltinEngine(threads=draw_threads)})

"""Which engine serves a model.

The visible lists are `of_worker.py` and `of_web.py`: an engine is imported, with its libraries,
only by the processes that run it. Adding one is a file and an entry there; see `ADDING.md`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tintype.core.errors import EngineUnavailable
from tintype.engines.base import Engine, Operation

_OWN: Final = "builtin/"


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

    def serving(self, operation: Operation, *, livemode: bool) -> tuple[str, Engine]:
        """The model and engine of an operation: a provider's where one is configured, else ours.

        The sandbox always gets ours. Raises `EngineUnavailable` when nothing here does it.
        """
        able = [
            model for model, engine in self.by_model.items()
            if operation in engine.capabilities(model).operations
        ]  # fmt: skip
        own = [model for model in able if model.startswith(_OWN)]
        others = [model for model in able if livemode and not model.startswith(_OWN)]
        for model in (*others, *own):
            return model, self.by_model[model]
        raise EngineUnavailable(f"No engine here does {operation}; configure one.")

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

"""An engine of an operator's own, for the catalogue of `own_files.STUDIO`."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from tintype.engines.base import Capabilities, Job, Output, Watch, Weights
from tintype.engines.builtin import MODEL, BuiltinEngine
from tintype.engines.registry import Engines


@dataclass(eq=False)
class Studio:
    """Draws as the built-in engine does, and notes what it was given: model, prompt, weights and
    the SHA-256 of their files, number of references.
    """

    name: str = "studio"
    loads: frozenset[Literal["lora", "checkpoint"]] = frozenset({"lora"})
    seen: list[tuple[str, str, tuple[Weights, ...], list[str], int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inner = BuiltinEngine(threads=1)

    def capabilities(self, model: str) -> Capabilities:
        inner = self._inner.capabilities(MODEL)
        return Capabilities(
            operations=inner.operations, fidelity="full", ready_to_store=True,
            references_max=4, pixels_max=inner.pixels_max, weights=self.loads,
        )  # fmt: skip

    async def open(self) -> None:
        await self._inner.open()

    async def ping(self) -> str:
        return "studio"

    async def close(self) -> None:
        await self._inner.close()

    async def run(self, job: Job, watch: Watch) -> Output:
        read = [hashlib.sha256(it.path.read_bytes()).hexdigest() for it in job.weights]
        self.seen.append((job.model, job.prompt, job.weights, read, len(job.references)))
        plain = Job("text_to_image", MODEL, prompt=job.prompt, width=job.width, height=job.height)
        return await self._inner.run(plain, watch)


def engines(studio: Studio) -> Engines:
    return Engines({"studio/large": studio, MODEL: BuiltinEngine(threads=1)})

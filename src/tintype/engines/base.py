"""The one protocol that every engine speaks.

An engine turns a `Job` into an `Output` and knows nothing of tenants, prices or tables. What it
can do it declares in `Capabilities`; what it can't is refused from that declaration before
anything is charged. Every fault leaves `run` as an `EngineFault` with one of the codes below.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

Operation = Literal[
    "text_to_image",
    "edit",
    "enhance",
    "clean",
    "realistic",
    "sketch_to_photo",
    "image_to_video",
    "reel",
    "polish_text",
    "enhance_prompt",
]
FaultCode = Literal[
    "CONTENT_REJECTED",
    "RATE_LIMITED",
    "TIMEOUT",
    "PROVIDER_ERROR",
    "INVALID_REQUEST",
    "BAD_CREDENTIALS",
    "UNSUPPORTED",
    "OUT_OF_MEMORY",
    "CANCELED",
]


@dataclass(frozen=True, slots=True)
class Blob:
    """Encoded media: the only form in which pictures, clips and sound cross this boundary."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Weights:
    """A customer's weights: a safetensors file on this machine whose bytes were found sound.

    The file is there while the run lasts and is shared by runs: read it, never write to it.
    `trigger_words` call up what was trained, `scale` is how strongly a LoRA counts.
    """

    path: Path
    kind: Literal["lora", "checkpoint"]
    trigger_words: tuple[str, ...] = ()
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine's model takes and does; anything else is refused by name.

    `cancel`: "step" stops within a step, "remote" asks the far side, "drop" stops waiting only.
    `seed`: "stable" gives the same pixels for the same seed, "hint" may not, "none" ignores it.
    `ready_to_store` pictures come from our own encoder: upright sRGB without metadata.
    `size_step` is the number of pixels that both sides must be a multiple of. `weights` are the
    kinds of customers' own weights that a job may have.
    """

    operations: frozenset[Operation]
    fidelity: Literal["preview", "full"]
    progress: Literal["steps", "previews", "poll", "none"] = "none"
    cancel: Literal["step", "remote", "drop"] = "drop"
    seed: Literal["stable", "hint", "none"] = "none"
    negative_prompt: bool = False
    references_max: int = 0
    size_step: int = 1
    pixels_max: int = 0
    parallel: int = 1
    ready_to_store: bool = False
    weights: frozenset[Literal["lora", "checkpoint"]] = frozenset()


@dataclass(frozen=True, slots=True)
class Job:
    """One picture, clip or text to make. Sizes are in pixels, `deadline_seconds` is for the run.

    "clean" and "realistic" finish the one picture in `references` at its own size, so `width` and
    `height` don't count; their `extra` has `strength` (0 to 1) and `preset` (a name or None).
    "enhance" retouches `references[0]`, and `references[1]` is one to match; `width` and `height`
    are those of the answer, or 0 for its own. Its `extra` has `steps` (as `media/retouch/steps.py`
    knows them), `focal_point` ([x, y] or None) that a crop keeps, and `variant` (0 is the recipe
    itself, others are turned by the seed); `prompt` says the same in words.
    "image_to_video" gives a film and its poster; its `extra` has `duration_seconds`, `fps` and
    `focal_point` ([x, y] or None). "reel" gives the same of all `references` in their order; its
    `extra` is told in `montage.py`.
    """

    operation: Operation
    model: str
    prompt: str = ""
    negative_prompt: str = ""
    references: tuple[Blob, ...] = ()
    width: int = 0
    height: int = 0
    seed: int = 0
    deadline_seconds: float = 600.0
    attempt: int = 1
    livemode: bool = True
    extra: Mapping[str, object] = field(default_factory=dict)
    weights: tuple[Weights, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """What came out: `media` for pictures and clips, `text` for text operations.

    `notes` tell the client, in a few words each, what could not be done with this very picture.
    """

    media: tuple[Blob, ...] = ()
    text: str = ""
    remote_id: str = ""
    notes: tuple[str, ...] = ()


class Watch(Protocol):
    """The runner's side of a run; every method may be called from any thread."""

    def canceled(self) -> bool: ...

    def progress(self, done: float) -> None:
        """Report the share of the work that is done, 0 to 1."""


class EngineFault(Exception):
    """The only exception that may leave `Engine.run`.

    `message` is shown to the client: it must not carry prompts, keys or a provider's raw answer.
    """

    def __init__(
        self,
        code: FaultCode,
        message: str,
        *,
        retryable: bool = False,
        retry_after_seconds: float | None = None,
        remote_id: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds
        self.remote_id = remote_id


class Engine(Protocol):
    """See `ADDING.md` for how to write one; `tests/engines/test_contract.py` is its judge."""

    name: str

    def capabilities(self, model: str) -> Capabilities: ...

    async def open(self) -> None:
        """Load what `run` needs (clients, weights). Called once, before the first run."""

    async def run(self, job: Job, watch: Watch) -> Output:
        """Do the work off the event loop; raise only `EngineFault`."""
        ...

    async def ping(self) -> str:
        """A short line for `doctor` and the catalogue: is it there, and what is it."""
        ...

    async def close(self) -> None: ...

"""The built-in engine for text: corrections and tones by rule and dictionary, without a network."""

import threading
from dataclasses import dataclass
from functools import partial
from typing import Final

from tintype.engines.base import Capabilities, EngineFault, Job, Output, Watch
from tintype.engines.polish.checker import Checker
from tintype.engines.polish.edits import Edits
from tintype.engines.polish.locale import DEFAULT, dialect_of
from tintype.engines.polish.proofread import Proof, proofread
from tintype.engines.polish.stopping import Ask, Stopped
from tintype.engines.polish.tone import TONES, Tone
from tintype.engines.threads import Run, Threads

MODEL: Final = "builtin/polish"
_WAITING_MAX: Final = 16  # For a thread; the worst texts take it little more than a second each.
_RETRY_SECONDS: Final = 2.0
_CAPABILITIES: Final = Capabilities(
    operations=frozenset({"polish_text"}), fidelity="full", cancel="step"
)


@dataclass(frozen=True, slots=True)
class PolishOutput(Output):
    """A polished text with what was done to it; engines that only rewrite give an `Output`."""

    proof: Proof = Proof(Edits(""))  # noqa: RUF009  Frozen through and through.


class PolishEngine:
    """Implements `Engine`. `threads` bounds how many texts are polished at once.

    Of each thread only so many texts may wait; a further one is RATE_LIMITED at once.

    The text is the job's `prompt`; its `extra` may have `tone`, `locale` and `variants` (whether
    the locale was asked for). A length is not heeded here: the caller cuts any engine's text.
    Nothing is loaded before the first run.
    """

    name = "polish"

    def __init__(self, *, threads: int) -> None:
        self._threads = Threads(threads, work="polishing", stopped=Stopped)
        self._own = threading.local()
        self._room = threads * (1 + _WAITING_MAX)  # Of texts, polished now or waiting.

    def capabilities(self, model: str) -> Capabilities:
        """Raises `EngineFault` UNSUPPORTED for a model that isn't this engine's."""
        if model != MODEL:
            raise EngineFault("UNSUPPORTED", "The polishing engine has no such model.")
        return _CAPABILITIES

    async def open(self) -> None:
        self._threads.open()

    async def run(self, job: Job, watch: Watch) -> Output:
        if job.operation not in self.capabilities(job.model).operations:
            raise EngineFault("UNSUPPORTED", f"{job.model} does no {job.operation}.")
        tone, locale = job.extra.get("tone", TONES[0]), job.extra.get("locale", DEFAULT)
        if tone not in TONES or not isinstance(locale, str):
            raise EngineFault("INVALID_REQUEST", f"The tone is one of {', '.join(TONES)}.")
        if job.references:
            raise EngineFault("INVALID_REQUEST", "Polishing takes no pictures.")
        run = Run(job, watch)
        run.stop_if_due()
        variants = bool(job.extra.get("variants", False))
        work = partial(self._polish, job.prompt, locale, tone, variants, run.over)
        if self._room <= 0:
            raise EngineFault(
                "RATE_LIMITED", "Too many texts are being polished just now; ask again.",
                retryable=True, retry_after_seconds=_RETRY_SECONDS,
            )  # fmt: skip
        self._room -= 1
        try:
            proof = await self._threads.run(run, work)
        finally:
            self._room += 1
        return PolishOutput(text=proof.edits.text, proof=proof)

    async def ping(self) -> str:
        return f"{MODEL}: English by rules and dictionary, {self._threads.count} at once"

    async def close(self) -> None:
        """Lets running work end: a second or two with the worst of texts."""
        await self._threads.close()

    def _polish(self, text: str, locale: str, tone: Tone, variants: bool, stopped: Ask) -> Proof:
        dialect = dialect_of(locale)
        checker: Checker | None = getattr(self._own, "checker", None)
        if checker is None and dialect is not None:
            # One for each thread: a checker serves one text at a time.
            checker = self._own.checker = Checker()
        return proofread(text, checker, dialect, tone, variants=variants, stopped=stopped)

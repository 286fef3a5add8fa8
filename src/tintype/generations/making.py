"""The engines' part of a run: prompt and references in, stored pictures or a stored film out.

Pictures are made from words, from a sketch, or given; what is made from words, or given, may be
finished by a second engine. Bytes are stored, and no row of theirs exists before the run's last
transaction.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from tintype.catalog.models import default_for
from tintype.db.pool import Row
from tintype.engines.base import Blob, EngineFault, Job, Operation, Output, Weights
from tintype.generations import run_queries
from tintype.generations.faults import error_of
from tintype.generations.filming import filmed
from tintype.generations.models import FINISHING, Kind, Mode
from tintype.generations.sources import Given, field_of, given, takes_a_picture
from tintype.generations.variants import all_of
from tintype.generations.watch import LeaseLost, PartWatch, RunWatch, unless_stopped
from tintype.generations.words import spoken
from tintype.generations.workshop import Workshop
from tintype.images.intake import StoredPicture, limits_of, take_in
from tintype.models import operations as models
from tintype.models.files import materialized
from tintype.videos import intake as films
from tintype.videos.intake import StoredFilm
from tintype.videos.operations import is_reel

FPS: Final = 30
_OPERATIONS: Final[Mapping[Kind, Operation]] = {
    "text_to_image": "text_to_image",
    "sketch_to_photo": "sketch_to_photo",
    "video": "image_to_video",
    "enhancement": "enhance",
}
_FILM_PARTS: Final = 2
_CUSTOM: Final = "mdl_"
_WEIGHTS_FOLDER: Final = "weights"


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made: pictures by their variants' numbers, or a film.

    `faults` are the variants that could not be made, as the row has them; `notes` what the engine
    says of those that were.
    """

    pictures: dict[int, StoredPicture]
    film: StoredFilm | None
    faults: list[dict[str, Any]]
    timings: dict[str, int]
    notes: list[str]

    @property
    def size(self) -> tuple[int, int]:
        first = self.film or next(iter(self.pictures.values()))
        return first.width, first.height


class _Variant(NamedTuple):
    """What came of one, the seconds that engines and storing took, and the engine's notes."""

    stored: StoredPicture | StoredFilm
    engine_seconds: float
    store_seconds: float
    notes: tuple[str, ...] = ()


class _Picture(NamedTuple):
    """An engine's picture, whether it may be stored as it is, and what the engine says of it."""

    blob: Blob
    ready: bool
    notes: tuple[str, ...] = ()


class _Ask(NamedTuple):
    """What all variants of a work have in common; `model` is one that an engine serves."""

    row: Row
    model: str
    weights: tuple[Weights, ...]
    prompt: str
    given: Given


async def make(workshop: Workshop, row: Row, lease: UUID, watch: RunWatch, deadline: float) -> Made:
    """Run the engine for each variant and store what comes out, until `deadline`.

    Raises what `all_of` raises: a fault when there is nothing to deliver.
    """
    async with AsyncExitStack() as held:
        async with unless_stopped(watch, deadline):
            model, weights = await _served(workshop, row, held)
            prompt = await _prompt(workshop, row, model, lease, watch)
            ask = _Ask(row, model, weights, prompt, await given(workshop, row))
        watch.parts = row["variants"]

        async def make_one(number: int, attempt: int) -> _Variant:
            return await _variant(workshop, ask, number, attempt, watch)

        outcome = await all_of(row, workshop.settings.worker, watch, deadline, make_one)
    variants = dict(sorted(outcome.made.items()))
    made = [one.stored for one in variants.values()]
    return Made(
        pictures={number: one.stored for number, one in variants.items()
                  if isinstance(one.stored, StoredPicture)},
        film=next((it for it in made if isinstance(it, StoredFilm)), None),
        faults=[{"variant": number, **error_of(fault)}
                for number, fault in sorted(outcome.faults.items())],
        timings={
            "queued_ms": round((row["started_at"] - row["created_at"]).total_seconds() * 1000),
            "engine_ms": round(max(one.engine_seconds for one in variants.values()) * 1000),
            "store_ms": round(max(one.store_seconds for one in variants.values()) * 1000),
        },
        notes=list(dict.fromkeys(note for one in variants.values() for note in one.notes)),
    )  # fmt: skip


async def _served(
    workshop: Workshop, row: Row, held: AsyncExitStack
) -> tuple[str, tuple[Weights, ...]]:
    """The model as an engine knows it, and a customer's weights for it, there while `held` is."""
    if not row["model"].startswith(_CUSTOM):
        return row["model"], ()
    async with workshop.database.reading() as connection:
        stored = await models.weights(connection, row["organization_id"], row["model"])
    assert stored is not None
    able = workshop.engines.engine_for(stored.base_model).capabilities(stored.base_model).weights
    if stored.kind not in able:
        raise EngineFault("UNSUPPORTED", f"model: the engine loads no {stored.kind}.")
    folder = workshop.settings.folder / _WEIGHTS_FOLDER
    file = materialized(
        workshop.storage, folder, stored, bytes_max=workshop.settings.models.cache_bytes_max
    )
    return stored.base_model, (await held.enter_async_context(file),)


async def _prompt(workshop: Workshop, row: Row, model: str, lease: UUID, watch: RunWatch) -> str:
    """What is drawn: the persona, then the client's words or the fuller ones made of them."""
    words: str = row["enhanced_prompt"] or row["prompt"]
    if row["auto_enhance"] and not row["enhanced_prompt"]:
        job = Job(
            operation="enhance_prompt",
            model=model,
            prompt=words,
            deadline_seconds=workshop.settings.worker.job_seconds_max,
            attempt=row["attempts"],
            livemode=row["livemode"],
        )
        words = (await workshop.engines.engine_for(model).run(job, watch.aside())).text
        async with workshop.database.transaction() as tx:
            if not await run_queries.enhanced(tx, row["id"], lease, words):
                raise LeaseLost
    return spoken(row["persona_words"], words)


async def _variant(
    workshop: Workshop, ask: _Ask, number: int, attempt: int, watch: RunWatch
) -> _Variant:
    begun = time.monotonic()
    notes: tuple[str, ...] = ()
    if ask.row["kind"] == "video":
        film, poster = await _filmed(workshop, ask, number, attempt, watch.part(number))
        made = time.monotonic()
        stored: StoredPicture | StoredFilm = await films.take_in(
            workshop.storage, workshop.pixels, ask.row["organization_id"], film.data, poster.data
        )
    else:
        blob, ready, notes = await _picture(workshop, ask, number, attempt, watch)
        made = time.monotonic()
        stored = await take_in(
            workshop.storage, workshop.pixels, ask.row["organization_id"], blob.data,
            limits_of(workshop.settings.media),
            keep_original=False, ready=ready, field="engine",
        )  # fmt: skip
    return _Variant(stored, made - begun, time.monotonic() - made, notes)


async def _picture(
    workshop: Workshop, ask: _Ask, number: int, attempt: int, watch: RunWatch
) -> _Picture:
    row = ask.row
    if row["kind"] in FINISHING:
        own = not row["sources"][0].get("url")
        job = _finishing(workshop, ask, number, attempt, ask.given.blobs[0])
        with _naming_the_picture(row):
            return await _finished(workshop, job, watch.part(number), own=own)
    if row["mode"]:
        drawing, finishing = watch.halves(number)
        drawn = await _drawn(workshop, ask, number, attempt, drawing)
        job = _finishing(workshop, ask, number, attempt, drawn.blob)
        return await _finished(workshop, job, finishing, own=False)
    with _naming_the_picture(row):
        return await _drawn(workshop, ask, number, attempt, watch.part(number))


@contextmanager
def _naming_the_picture(row: Row) -> Iterator[None]:
    """An engine doesn't know what the client's field is called, so its words begin with it here."""
    try:
        yield
    except EngineFault as fault:
        about_it = row["sources"] and takes_a_picture(row["kind"]) and not is_reel(row)
        if fault.code != "INVALID_REQUEST" or not about_it:
            raise
        raise EngineFault(fault.code, f"{field_of(row, 0)}: {fault.message}") from fault


async def _drawn(
    workshop: Workshop, ask: _Ask, number: int, attempt: int, watch: PartWatch
) -> _Picture:
    return await _one_picture(workshop, _job(workshop, ask, number, attempt), watch)


def _finishing(workshop: Workshop, ask: _Ask, number: int, attempt: int, source: Blob) -> Job:
    mode: Mode = ask.row["mode"]
    return replace(
        _job(workshop, ask, number, attempt),
        operation=mode,
        model=ask.model if ask.row["kind"] in FINISHING else _finisher(ask.row),
        prompt="",
        negative_prompt="",
        references=(source,),
        weights=(),
        width=0,
        height=0,
        extra={"strength": ask.row["strength"], "preset": ask.row["preset"]},
    )


def _finisher(row: Row) -> str:
    """The model that finishes what another has drawn."""
    return default_for(row["mode"], livemode=row["livemode"]).id


async def _finished(workshop: Workshop, job: Job, watch: PartWatch, *, own: bool) -> _Picture:
    """`own` for a master of ours: where nothing was changed, only such bytes may be stored again.

    A strength of nothing gives the very bytes back, and those of a stranger are no master yet.
    """
    made = await _one_picture(workshop, job, watch)
    return made._replace(ready=own) if made.blob.data == job.references[0].data else made


async def _filmed(
    workshop: Workshop, ask: _Ask, number: int, attempt: int, watch: PartWatch
) -> tuple[Blob, Blob]:
    """A film and its poster."""
    job = _job(workshop, ask, number, attempt)
    seconds = round(ask.row["duration_seconds"], 6)
    if is_reel(ask.row):
        job = filmed(job, ask.row["recipe"], ask.given, seconds, FPS)
    else:
        focal = ask.given.focal_point
        extra = {"duration_seconds": seconds, "fps": FPS, "focal_point": focal}
        job = replace(job, extra=extra)
    engine = workshop.engines.engine_for(job.model)
    if not engine.capabilities(job.model).ready_to_store:
        raise EngineFault("UNSUPPORTED", "Films are stored as our own encoder makes them only.")
    with _naming_the_picture(ask.row):
        output: Output = await engine.run(job, watch)
    if len(output.media) != _FILM_PARTS:
        raise EngineFault("PROVIDER_ERROR", "The engine gave no film.", retryable=True)
    film, poster = output.media
    return film, poster


def _job(workshop: Workshop, ask: _Ask, number: int, attempt: int) -> Job:
    """The job of one variant, as work from words has it."""
    row = ask.row
    extra: dict[str, object] = {}
    if row["kind"] == "enhancement":
        extra = {
            "steps": row["recipe"]["steps"],
            "focal_point": ask.given.focal_point,
            "variant": number,
        }
    return Job(
        operation=_OPERATIONS.get(row["kind"], "text_to_image"),
        model=ask.model,
        weights=ask.weights,
        prompt=ask.prompt,
        negative_prompt=row["negative_prompt"] or "",
        references=ask.given.blobs,
        width=row["width"] or 0,
        height=row["height"] or 0,
        # The next seed for each variant, kept inside the column's range.
        seed=(row["seed"] + number) % 2**63,
        deadline_seconds=workshop.settings.worker.job_seconds_max,
        attempt=attempt,
        livemode=row["livemode"],
        extra=extra,
    )


async def _one_picture(workshop: Workshop, job: Job, watch: PartWatch) -> _Picture:
    """What the model's engine makes of the job."""
    engine = workshop.engines.engine_for(job.model)
    output: Output = await engine.run(job, watch)
    if len(output.media) != 1:
        raise EngineFault("PROVIDER_ERROR", "The engine gave no picture.", retryable=True)
    ready = engine.capabilities(job.model).ready_to_store
    return _Picture(output.media[0], ready, output.notes)

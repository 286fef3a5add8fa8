"""The engines' part of a run: prompt and references in, one stored picture per variant out.

Pictures are made from words, or given; either may be finished by a second engine.

Bytes are stored, and no row of theirs exists before the run's last transaction.
"""

import asyncio
import time
from functools import partial
from typing import Final
from uuid import UUID

from tintype.catalog.models import model_for
from tintype.core.errors import TintypeError
from tintype.db.pool import Row
from tintype.engines.base import Blob, EngineFault, Job, Output
from tintype.fetch import FetchFailed
from tintype.generations import run_queries
from tintype.generations.models import FINISHING, Mode
from tintype.generations.studio import Studio
from tintype.generations.watch import LeaseLost, PartWatch, RunWatch
from tintype.images import operations as images
from tintype.images.intake import StoredPicture, limits_of, take_in
from tintype.media.inspect import inspect
from tintype.storage import MissingObject

# A job's references together have at most the bytes of so many of the largest files.
_REFERENCES_FILES: Final = 2


async def make(
    studio: Studio, row: Row, lease: UUID, watch: RunWatch
) -> tuple[list[StoredPicture], dict[str, int]]:
    """Run the engine for each variant and store what comes out. The first fault ends them all."""
    try:
        prompt = await _prompt(studio, row, lease, watch)
        references = await _references(studio, row)
        watch.parts = row["variants"]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_variant(studio, row, prompt, references, number, watch))
                for number in range(row["variants"])
            ]
    except BaseExceptionGroup as faults:
        first = faults.exceptions[0]
        raise first from first.__cause__
    made = [task.result() for task in tasks]
    timings = {
        "queued_ms": round((row["started_at"] - row["created_at"]).total_seconds() * 1000),
        "engine_ms": round(max(engine_s for _, engine_s, _ in made) * 1000),
        "store_ms": round(max(store_s for _, _, store_s in made) * 1000),
    }
    return [picture for picture, _, _ in made], timings


async def _prompt(studio: Studio, row: Row, lease: UUID, watch: RunWatch) -> str:
    """What is drawn: the client's words, or the fuller ones that the engine makes of them."""
    words: str = row["enhanced_prompt"] or row["prompt"]
    if not row["auto_enhance"] or row["enhanced_prompt"]:
        return words
    job = Job(
        operation="enhance_prompt",
        model=row["model"],
        prompt=words,
        deadline_seconds=studio.settings.worker.job_seconds_max,
        attempt=row["attempts"],
        livemode=row["livemode"],
    )
    fuller = (await studio.engines.engine_for(row["model"]).run(job, watch.aside())).text
    async with studio.database.transaction() as tx:
        if not await run_queries.enhanced(tx, row["id"], lease, fuller):
            raise LeaseLost
    return fuller


async def _variant(
    studio: Studio,
    row: Row,
    prompt: str,
    references: tuple[Blob, ...],
    number: int,
    watch: RunWatch,
) -> tuple[StoredPicture, float, float]:
    """One picture, stored, and the seconds that the engines and the storing took."""
    begun = time.monotonic()
    if row["kind"] in FINISHING:
        own = not row["sources"][0].get("url")
        try:
            blob, ready = await _finished(
                studio, row, references[0], number, watch.part(number), own=own
            )
        except EngineFault as fault:
            if fault.code != "INVALID_REQUEST":
                raise
            raise EngineFault(fault.code, f"image_url: {fault.message}") from fault
    elif row["mode"]:
        drawing, finishing = watch.halves(number)
        drawn, _ = await _drawn(studio, row, prompt, references, number, drawing)
        blob, ready = await _finished(studio, row, drawn, number, finishing, own=False)
    else:
        blob, ready = await _drawn(studio, row, prompt, references, number, watch.part(number))
    made = time.monotonic()
    picture = await take_in(
        studio.storage, studio.pixels, row["organization_id"], blob.data,
        limits_of(studio.settings.media),
        keep_original=False, ready=ready, field="engine",
    )  # fmt: skip
    return picture, made - begun, time.monotonic() - made


async def _drawn(
    studio: Studio,
    row: Row,
    prompt: str,
    references: tuple[Blob, ...],
    number: int,
    watch: PartWatch,
) -> tuple[Blob, bool]:
    job = Job(
        operation="text_to_image",
        model=row["model"],
        prompt=prompt,
        negative_prompt=row["negative_prompt"] or "",
        references=references,
        width=row["width"],
        height=row["height"],
        # The next seed for each variant, kept inside the column's range.
        seed=(row["seed"] + number) % 2**63,
        deadline_seconds=studio.settings.worker.job_seconds_max,
        attempt=row["attempts"],
        livemode=row["livemode"],
    )
    return await _one_picture(studio, job, watch)


async def _finished(
    studio: Studio, row: Row, source: Blob, number: int, watch: PartWatch, *, own: bool
) -> tuple[Blob, bool]:
    """`own` for a master of ours: where nothing was changed, only such bytes may be stored again.

    A strength of nothing gives the very bytes back, and those of a stranger are no master yet.
    """
    mode: Mode = row["mode"]
    job = Job(
        operation=mode,
        model=model_for(mode, None).id,
        references=(source,),
        seed=(row["seed"] + number) % 2**63,
        deadline_seconds=studio.settings.worker.job_seconds_max,
        attempt=row["attempts"],
        livemode=row["livemode"],
        extra={"strength": row["strength"], "preset": row["preset"]},
    )
    blob, ready = await _one_picture(studio, job, watch)
    return blob, own if blob.data == source.data else ready


async def _one_picture(studio: Studio, job: Job, watch: PartWatch) -> tuple[Blob, bool]:
    """What the model's engine makes of the job, and whether it may be stored as it is."""
    engine = studio.engines.engine_for(job.model)
    try:
        output: Output = await engine.run(job, watch)
    except BaseException:
        # The threads of other variants outlive the tasks that wait for them; this reaches them.
        watch.whole.stop()
        raise
    if len(output.media) != 1:
        raise EngineFault("PROVIDER_ERROR", "The engine gave no picture.", retryable=True)
    return output.media[0], engine.capabilities(job.model).ready_to_store


async def _references(studio: Studio, row: Row) -> tuple[Blob, ...]:
    """The bytes of what the work starts from: our own masters, or URLs through the guarded door.

    All of them lie in memory at once, so what each may have is what the ones before have left.
    """
    left = _REFERENCES_FILES * studio.settings.media.upload_bytes_max
    blobs = []
    for number, source in enumerate(row["sources"]):
        if source.get("url"):
            field = "image_url" if row["kind"] in FINISHING else f"reference_images[{number}]"
            blob = await _fetched(studio, source["url"], field, left)
        else:
            blob = await _master(studio, row["organization_id"], source["image_id"], left)
        left -= len(blob.data)
        blobs.append(blob)
    return tuple(blobs)


async def _fetched(studio: Studio, url: str, field: str, left: int) -> Blob:
    most = studio.settings.media.upload_bytes_max
    try:
        fetched = await studio.fetcher.get(
            url,
            bytes_max=min(most, left),
            seconds_max=studio.settings.fetch.seconds_max,
            field=field,
        )
    except FetchFailed as fault:
        if fault.fault == "too_large" and left < most:
            raise _too_much(studio) from fault
        raise
    # By its bytes, not by what the server claims; pixels are counted before any is decoded.
    judge = partial(inspect, fetched.data, limits_of(studio.settings.media), field)
    try:
        found = await asyncio.get_running_loop().run_in_executor(studio.pixels, judge)
    except TintypeError as fault:
        about = "" if fault.message.startswith(field) else f"{field}: "
        raise EngineFault("INVALID_REQUEST", f"{about}{fault.message}") from fault
    return Blob(fetched.data, found.media_type)


async def _master(studio: Studio, organization_id: str, image_id: str, left: int) -> Blob:
    async with studio.database.reading() as connection:
        stored = await images.stored(connection, organization_id, image_id)
    if stored is None:
        raise EngineFault("INVALID_REQUEST", f"The reference {image_id} is gone.")
    try:
        if (await studio.storage.stat(stored.object_key)).size_bytes > left:
            raise _too_much(studio)
        data = await studio.storage.get(stored.object_key)
    except MissingObject as fault:
        raise EngineFault("INVALID_REQUEST", f"The bytes of {image_id} are missing.") from fault
    return Blob(data, f"image/{stored.format}")


def _too_much(studio: Studio) -> EngineFault:
    most = _REFERENCES_FILES * studio.settings.media.upload_bytes_max
    return EngineFault("INVALID_REQUEST", f"The references have more than {most} bytes together.")

"""The contract that every engine passes: one suite, run over each of them.

A new engine is one more entry of `ENGINES`; see `src/tintype/engines/ADDING.md`.
"""

import asyncio
import itertools
import time
from dataclasses import dataclass, field, replace
from typing import get_args

import pytest
import pyvips

from media.sketch.drawings import handbag, mug, page, png
from support.loops import stands_still
from support.waxy import waxy_picture
from tintype.engines import finish
from tintype.engines.base import Blob, Capabilities, EngineFault, FaultCode, Job, Operation
from tintype.engines.builtin import MODEL, BuiltinEngine
from tintype.engines.montage import MODEL as MONTAGE
from tintype.engines.montage import MontageEngine
from tintype.engines.polish import engine as polish
from tintype.engines.reel import MODEL as REEL
from tintype.engines.reel import ReelEngine
from tintype.engines.retouch import MODEL as RETOUCH
from tintype.engines.retouch import RetouchEngine
from tintype.engines.sketch import MODEL as SKETCH
from tintype.engines.sketch import SketchEngine

ENGINES = {
    "builtin": (lambda: BuiltinEngine(threads=2), MODEL),
    **{model: (lambda: finish.FinishEngine(threads=2), model) for model in finish.OPERATIONS},
    polish.MODEL: (lambda: polish.PolishEngine(threads=2), polish.MODEL),
    REEL: (lambda: ReelEngine(threads=2), REEL),
    RETOUCH: (lambda: RetouchEngine(threads=2), RETOUCH),
    MONTAGE: (lambda: MontageEngine(threads=2), MONTAGE),
    SKETCH: (lambda: SketchEngine(threads=2), SKETCH),
}
FINISHING = frozenset({"clean", "realistic"})
"""Operations that take one picture and give it back at its own size."""
FILMS = frozenset({"image_to_video", "reel"})
WORDS = frozenset({"polish_text", "enhance_prompt"})
FAULT_CODES = get_args(FaultCode)
CANCEL_SECONDS_MAX = 20.0
SIDE = 256


@dataclass
class Watch:
    """A runner's side: records progress, and is canceled after so many questions."""

    canceled_after: int | None = None
    heard: list[float] = field(default_factory=list)
    asked: itertools.count = field(default_factory=itertools.count)

    def canceled(self) -> bool:
        return self.canceled_after is not None and next(self.asked) >= self.canceled_after

    def progress(self, done: float) -> None:
        self.heard.append(done)


@pytest.fixture(params=sorted(ENGINES))
async def subject(request):
    """An open engine and the model it is tried with."""
    make, model = ENGINES[request.param]
    engine = make()
    await engine.open()
    yield engine, model
    await engine.close()


def job_for(
    can: Capabilities, model: str, operation: Operation | None = None, side: int = SIDE
) -> Job:
    """A small valid job of that operation, or of the engine's own for pictures."""
    operation = operation or next(iter(sorted(can.operations - WORDS) or sorted(can.operations)))
    if operation in FINISHING:
        return Job(operation, model, references=(waxy_picture(side),), seed=11)
    side = side // can.size_step * can.size_step
    drawn = (Blob(png(page(mug(), side=400)), "image/png"),)
    references = drawn if operation == "sketch_to_photo" else ()
    if operation == "enhance":
        references = (waxy_picture(side),)
    if operation == "reel":
        references = (*drawn, waxy_picture(200))
    extra = {"duration_seconds": 1.0, "fps": 12} if operation in FILMS else {}
    if operation == "enhance":
        # The seed turns variants; the first is the recipe as it is.
        extra = {"steps": [{"step": "exposure"}, {"step": "clarity"}], "variant": 1}
    return Job(
        operation, model, prompt="a red fox in the forest", width=side, height=side, seed=11,
        extra=extra, references=references,
    )  # fmt: skip


def pixels(output):
    return pyvips.Image.new_from_buffer(output.media[0].data, "")


async def fault_of(engine, job, watch=None):
    with pytest.raises(EngineFault) as caught:
        await engine.run(job, watch or Watch())
    assert caught.value.code in FAULT_CODES
    return caught.value


async def outcome(engine, job):
    """A fault's code or nothing, and the output or nothing; any other exception passes through."""
    try:
        return "", await engine.run(job, Watch())
    except EngineFault as fault:
        return fault.code, None


async def test_capabilities_are_well_formed(subject):
    engine, model = subject
    can = engine.capabilities(model)
    assert can.operations
    assert can.operations <= set(get_args(Operation))
    assert can.fidelity in {"preview", "full"}
    assert can.size_step >= 1
    assert can.references_max >= 0
    assert can.parallel >= 1
    if can.operations & {"text_to_image", "edit", "sketch_to_photo"}:
        assert can.pixels_max > 0


async def test_a_model_it_does_not_have_is_unsupported(subject):
    engine, _ = subject
    with pytest.raises(EngineFault) as caught:
        engine.capabilities("nobody/nothing")
    assert caught.value.code == "UNSUPPORTED"
    fault = await fault_of(engine, Job("text_to_image", "nobody/nothing", width=64, height=64))
    assert fault.code == "UNSUPPORTED"


async def test_every_declared_operation_gives_what_it_is_for(subject):
    engine, model = subject
    can = engine.capabilities(model)
    for operation in can.operations:
        output = await engine.run(job_for(can, model, operation), Watch())
        if operation in WORDS:
            assert output.text
        else:
            assert output.media[0].data
            assert output.media[0].media_type.startswith(("image/", "video/"))


async def test_every_other_operation_is_unsupported(subject):
    engine, model = subject
    can = engine.capabilities(model)
    for operation in set(get_args(Operation)) - can.operations:
        fault = await fault_of(engine, job_for(can, model, operation))
        assert fault.code == "UNSUPPORTED"
        assert not fault.retryable


@pytest.mark.parametrize("ratio", [(1, 1), (16, 9), (9, 16), (21, 9), (4, 5)])
async def test_sizes_are_exact(subject, ratio):
    engine, model = subject
    can = engine.capabilities(model)
    if "text_to_image" not in can.operations:
        pytest.skip("makes no pictures from text")
    width, height = (SIDE * side // max(ratio) // can.size_step * can.size_step for side in ratio)
    job = replace(job_for(can, model, "text_to_image"), width=width, height=height)
    image = pixels(await engine.run(job, Watch()))
    assert (image.width, image.height) == (width, height)


async def test_a_stable_seed_gives_the_same_bytes_and_another_seed_others(subject):
    engine, model = subject
    can = engine.capabilities(model)
    if can.seed != "stable":
        pytest.skip("declares no stable seed")
    job = job_for(can, model)
    one, same, other = [
        (await engine.run(j, Watch())).media[0].data for j in (job, job, replace(job, seed=12))
    ]
    assert one == same
    assert one != other


async def test_a_negative_prompt_counts_where_declared(subject):
    engine, model = subject
    can = engine.capabilities(model)
    if not can.negative_prompt:
        pytest.skip("declares no negative prompt")
    job = job_for(can, model)
    plain = await engine.run(job, Watch())
    without = await engine.run(replace(job, negative_prompt="fox"), Watch())
    assert plain.media[0].data != without.media[0].data


async def test_references_count_up_to_the_declared_number(subject):
    engine, model = subject
    can = engine.capabilities(model)
    job, card = job_for(can, model), waxy_picture(48)
    if job.operation == "sketch_to_photo":
        card = Blob(png(page(handbag(), side=300)), "image/png")
    if can.references_max:
        plain = (await engine.run(job, Watch())).media[0]
        shown = await engine.run(replace(job, references=(card,)), Watch())
        assert shown.media[0].data != plain.data
    many = (card,) * (can.references_max + 1)
    fault = await fault_of(engine, replace(job, references=many))
    assert fault.code in {"INVALID_REQUEST", "UNSUPPORTED"}
    assert not fault.retryable


async def test_more_pixels_than_declared_are_refused(subject):
    engine, model = subject
    can = engine.capabilities(model)
    if not can.pixels_max:
        pytest.skip("makes no pictures")
    job = job_for(can, model)
    side = int(can.pixels_max**0.5) + can.size_step
    jobs = [
        replace(job, width=width, height=height)
        for width, height in ((side, side), (0, 64), (-1, 64))
    ]
    if job.operation in FINISHING:
        vast = pyvips.Image.black(side, side, bands=3).copy(interpretation="srgb")
        vast = Blob(vast.pngsave_buffer(compression=1), "image/png")
        jobs = [replace(job, references=(vast,))]
    for asked in jobs:
        fault = await fault_of(engine, asked)
        assert fault.code in {"INVALID_REQUEST", "UNSUPPORTED"}


async def test_progress_rises_from_0_to_1(subject):
    engine, model = subject
    can = engine.capabilities(model)
    if can.progress == "none":
        pytest.skip("declares no progress")
    for operation in can.operations:
        watch = Watch()
        await engine.run(job_for(can, model, operation), watch)
        assert watch.heard == sorted(watch.heard)
        assert all(0 <= done <= 1 for done in watch.heard)
        assert watch.heard[-1] == 1.0


@pytest.mark.parametrize("questions", [0, 2])
async def test_a_cancellation_is_heeded_quickly(subject, questions):
    engine, model = subject
    can = engine.capabilities(model)
    if can.cancel == "drop":
        pytest.skip("can only stop waiting")
    job = job_for(can, model, side=min(4096, int(can.pixels_max**0.5)))
    started = time.monotonic()
    fault = await fault_of(engine, job, Watch(canceled_after=questions))
    assert fault.code == "CANCELED"
    assert not fault.retryable
    assert time.monotonic() - started < CANCEL_SECONDS_MAX


async def test_a_passed_deadline_is_a_timeout(subject):
    engine, model = subject
    job = job_for(engine.capabilities(model), model)
    assert (await fault_of(engine, replace(job, deadline_seconds=0))).code == "TIMEOUT"


@pytest.mark.parametrize(
    "prompt", ["", "\x00\ud800", "😀" * 4000, "<svg/>" * 500, "%s {0} ${x}", "\u202eקוף\u202c"]
)
async def test_only_engine_faults_leave_a_run(subject, prompt):
    engine, model = subject
    can = engine.capabilities(model)
    for operation in can.operations:
        job = replace(job_for(can, model, operation, side=64), prompt=prompt)
        code, output = await outcome(engine, job)
        assert code in {"", *FAULT_CODES}
        assert code or output.media or operation in WORDS


async def test_a_reference_that_is_no_picture_is_an_invalid_request(subject):
    engine, model = subject
    can = engine.capabilities(model)
    if not can.references_max:
        pytest.skip("takes no references")
    job = job_for(can, model)
    broken = Blob(b"no picture at all", "image/png")
    fault = await fault_of(engine, replace(job, references=(broken,)))
    assert fault.code == "INVALID_REQUEST"
    assert "no picture at all" not in fault.message


async def test_the_event_loop_stays_free_while_it_works(subject):
    engine, model = subject
    can = engine.capabilities(model)
    job = job_for(can, model, side=min(2048, int(can.pixels_max**0.5)))
    assert await stands_still(lambda: engine.run(job, Watch())) < 0.25


async def test_runs_side_by_side_do_not_mix(subject):
    engine, model = subject
    can = engine.capabilities(model)
    job = job_for(can, model, side=64)
    jobs = [replace(job, seed=n) for n in range(6)]
    together = await asyncio.gather(*(engine.run(j, Watch()) for j in jobs))
    if can.seed == "stable":
        alone = [await engine.run(j, Watch()) for j in jobs]
        assert [(o.media, o.text) for o in together] == [(o.media, o.text) for o in alone]


async def test_it_tells_what_it_is(subject):
    engine, _ = subject
    assert engine.name
    assert await engine.ping()


async def test_closing_twice_is_harmless_and_a_closed_engine_faults(subject):
    engine, model = subject
    job = job_for(engine.capabilities(model), model)
    await engine.close()
    await engine.close()
    assert (await fault_of(engine, job)).code == "PROVIDER_ERROR"
    await engine.open()
    output = await engine.run(job, Watch())
    assert output.media or output.text

"""What is the finishing engine's own: one picture in, its extras checked, the same picture out."""

import asyncio

import pytest
import pyvips

from support.waxy import waxy_picture
from tintype.core.errors import ValidationFailed
from tintype.engines.base import Blob, EngineFault, Job
from tintype.engines.finish import OPERATIONS, PRESETS, FinishEngine
from tintype.engines.of_worker import configured
from tintype.engines.threads import Run, Threads
from tintype.media.finish.frame import opened
from tintype.media.stopping import Stopped

MODELS = sorted(OPERATIONS)


class Watch:
    """Records progress, and is canceled once it has heard of so much."""

    def __init__(self, stop_at=2.0):
        self.heard = []
        self.stop_at = stop_at

    def canceled(self):
        return bool(self.heard) and self.heard[-1] >= self.stop_at

    def progress(self, done):
        self.heard.append(done)


@pytest.fixture
async def engine():
    engine = FinishEngine(threads=1)
    await engine.open()
    yield engine
    await engine.close()


@pytest.fixture(scope="module")
def picture():
    return waxy_picture(320)


def job(model, *references, extra=None, **more):
    asked = {"strength": 0.8, "preset": None} if extra is None else extra
    return Job(OPERATIONS[model], model, references=references, extra=asked, **{"seed": 3} | more)


async def fault(engine, asked, watch=None):
    with pytest.raises(EngineFault) as caught:
        await engine.run(asked, watch or Watch())
    return caught.value


def large():
    return waxy_picture(2500)


@pytest.mark.parametrize("model", MODELS)
async def test_each_model_does_its_one_operation_in_full_fidelity(engine, model):
    can = engine.capabilities(model)
    assert can.operations == {OPERATIONS[model]}
    assert (can.fidelity, can.progress, can.cancel, can.seed) == ("full", "steps", "step", "stable")
    assert (can.references_max, can.pixels_max) == (1, 50_000_000)
    assert configured(draw_threads=1).engine_for(model).name == "finish"


async def test_a_model_refuses_the_operation_of_another(engine, picture):
    for model in MODELS:
        others = {"text_to_image", *OPERATIONS.values()} - {OPERATIONS[model]}
        for other in others:
            caught = await fault(engine, Job(other, model, references=(picture,)))
            assert caught.code == "UNSUPPORTED"


def test_all_models_share_one_engine_and_its_threads():
    engines = configured(draw_threads=1)
    assert len({id(engines.engine_for(model)) for model in MODELS}) == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "avif"])
async def test_the_picture_comes_back_in_its_format_and_size(engine, picture, model, kind):
    source = pyvips.Image.new_from_buffer(picture.data, "")
    save = {"png": source.pngsave_buffer, "jpeg": source.jpegsave_buffer,
            "webp": source.webpsave_buffer, "avif": source.heifsave_buffer}[kind]  # fmt: skip
    data = save(compression="av1") if kind == "avif" else save()
    output = await engine.run(job(model, Blob(data, f"image/{kind}")), Watch())
    (made,) = output.media
    assert made.media_type == f"image/{kind}"
    frame = opened(made.data)
    assert (frame.width, frame.height, frame.format) == (320, 320, kind)


@pytest.mark.parametrize("model", MODELS)
async def test_every_preset_makes_a_picture_of_its_own(engine, picture, model):
    made = set()
    for preset in PRESETS[OPERATIONS[model]]:
        extra = {"strength": 1.0, "preset": preset}
        output = await engine.run(job(model, picture, extra=extra), Watch())
        made.add(output.media[0].data)
    assert len(made | {picture.data}) == len(PRESETS[OPERATIONS[model]]) + 1


@pytest.mark.parametrize("model", MODELS)
async def test_strength_0_gives_the_picture_itself(engine, picture, model):
    output = await engine.run(job(model, picture, extra={"strength": 0, "preset": None}), Watch())
    assert output.media[0] == picture


@pytest.mark.parametrize("model", MODELS)
async def test_extras_left_out_have_defaults(engine, picture, model):
    output = await engine.run(job(model, picture, extra={}), Watch())
    assert output.media[0].data != picture.data


@pytest.mark.parametrize("model", MODELS)
async def test_the_sandbox_gets_the_same_pixels_without_a_mark(engine, picture, model):
    live, sandbox = [
        (await engine.run(job(model, picture, livemode=livemode), Watch())).media
        for livemode in (True, False)
    ]
    assert live == sandbox


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan"), float("inf"), "0.5", True, None])
async def test_a_strength_that_is_none_is_refused(engine, picture, model, strength):
    asked = job(model, picture, extra={"strength": strength, "preset": None})
    caught = await fault(engine, asked)
    assert (caught.code, caught.retryable) == ("INVALID_REQUEST", False)
    assert "0 to 1" in caught.message


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("preset", ["polaroid", "", 3, ["phone"]])
async def test_an_unknown_preset_is_refused_by_the_names_of_the_known(
    engine, picture, model, preset
):
    asked = job(model, picture, extra={"strength": 0.5, "preset": preset})
    caught = await fault(engine, asked)
    assert (caught.code, caught.retryable) == ("INVALID_REQUEST", False)
    assert all(name in caught.message for name in PRESETS[OPERATIONS[model]])


@pytest.mark.parametrize("model", MODELS)
async def test_exactly_one_picture_is_taken(engine, picture, model):
    for references in ((), (picture, picture)):
        assert (await fault(engine, job(model, *references))).code == "INVALID_REQUEST"


@pytest.mark.parametrize("model", MODELS)
async def test_damaged_bytes_are_an_invalid_request(engine, picture, model):
    for data in (b"", b"GIF89a", picture.data[:-300], picture.data[:40]):
        caught = await fault(engine, job(model, Blob(data, "image/png")))
        assert (caught.code, caught.retryable) == ("INVALID_REQUEST", False)


@pytest.mark.parametrize("model", MODELS)
async def test_it_is_canceled_on_the_way_and_heeds_its_deadline(engine, model):
    source, watch = large(), Watch(stop_at=0.0)
    assert (await fault(engine, job(model, source), watch)).code == "CANCELED"
    assert len(watch.heard) == 1
    caught = await fault(engine, job(model, source, deadline_seconds=0.03))
    assert (caught.code, caught.retryable) == ("TIMEOUT", False)


@pytest.mark.parametrize("model", MODELS)
async def test_progress_rises_to_1_also_where_nothing_is_changed(engine, picture, model):
    for strength in (0.0, 0.7):
        watch = Watch()
        await engine.run(job(model, picture, extra={"strength": strength, "preset": None}), watch)
        assert watch.heard == sorted(watch.heard)
        assert watch.heard[-1] == 1.0


@pytest.mark.parametrize("model", MODELS)
async def test_a_run_whose_caller_goes_away_frees_its_thread(engine, picture, model):
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    class First(Watch):
        def progress(self, done: float) -> None:
            super().progress(done)
            loop.call_soon_threadsafe(begun.set)

    first = First()
    task = asyncio.create_task(engine.run(job(model, large()), first))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await engine.run(job(model, picture), Watch())).media
    assert 1.0 not in first.heard


async def outcome(work):
    """The fault that a piece of work in a thread becomes."""
    threads = Threads(1, work="finishing", stopped=Stopped)
    threads.open()
    try:
        with pytest.raises(EngineFault) as caught:
            await threads.run(Run(Job("clean", "any"), Watch()), work)
        return caught.value
    finally:
        await threads.close()


@pytest.mark.parametrize(
    ("raised", "code", "retryable"),
    [
        (MemoryError(), "OUT_OF_MEMORY", True),
        (ValidationFailed("file", "The picture is damaged."), "INVALID_REQUEST", False),
        (ValueError("Too odd."), "INVALID_REQUEST", False),
        (RuntimeError("secret"), "PROVIDER_ERROR", True),
    ],
)
async def test_what_goes_wrong_in_a_thread_becomes_a_fault_of_its_kind(raised, code, retryable):
    def work():
        raise raised

    caught = await outcome(work)
    assert (caught.code, caught.retryable) == (code, retryable)
    assert "secret" not in caught.message


def test_it_needs_a_thread():
    with pytest.raises(ValueError, match="thread"):
        FinishEngine(threads=0)

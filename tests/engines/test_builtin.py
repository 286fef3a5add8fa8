"""What is the built-in engine's own: the sandbox's mark and its magic prompts."""

import asyncio
import time

import pytest
import pyvips

from tintype.engines.base import EngineFault, Job
from tintype.engines.builtin import MODEL, BuiltinEngine
from tintype.engines.markers import MAGIC


class Watch:
    def __init__(self, stop_after_seconds=None):
        self.heard = []
        self.stop_at = None if stop_after_seconds is None else time.monotonic() + stop_after_seconds

    def canceled(self):
        return self.stop_at is not None and time.monotonic() >= self.stop_at

    def progress(self, done):
        self.heard.append(done)


@pytest.fixture
async def engine():
    engine = BuiltinEngine(threads=1)
    await engine.open()
    yield engine
    await engine.close()


def job(prompt, **more):
    return Job("text_to_image", MODEL, prompt=prompt, width=96, height=96, seed=3, **more)


async def fault(engine, asked, watch=None):
    with pytest.raises(EngineFault) as caught:
        await engine.run(asked, watch or Watch())
    return caught.value


async def test_it_is_a_preview_engine_without_a_network(engine):
    can = engine.capabilities(MODEL)
    assert can.fidelity == "preview"
    assert can.operations == {"text_to_image", "enhance_prompt"}
    assert (can.references_max, can.pixels_max, can.seed, can.cancel) == (
        16,
        4096 * 4096,
        "stable",
        "step",
    )
    assert can.negative_prompt


@pytest.mark.parametrize(
    ("marker", "code", "retryable"),
    [
        ("__provider_500__", "PROVIDER_ERROR", True),
        ("__rejected__", "CONTENT_REJECTED", False),
        ("__timeout__", "TIMEOUT", False),
    ],
)
@pytest.mark.parametrize("operation", ["text_to_image", "enhance_prompt"])
async def test_a_marker_forces_its_failure_on_every_attempt(
    engine, marker, code, retryable, operation
):
    for attempt in (1, 2, 3):
        asked = Job(
            operation,
            MODEL,
            prompt=f"a cat {marker}, please",
            width=64,
            height=64,
            livemode=False,
            attempt=attempt,
        )
        caught = await fault(engine, asked)
        assert (caught.code, caught.retryable) == (code, retryable)


async def test_flaky_fails_once_then_works(engine):
    caught = await fault(engine, job("__flaky__ a cat", livemode=False))
    assert (caught.code, caught.retryable) == ("PROVIDER_ERROR", True)
    assert (await engine.run(job("__flaky__ a cat", livemode=False, attempt=2), Watch())).media


async def test_slow_takes_five_seconds_and_reports_on_the_way(engine):
    watch = Watch()
    started = time.monotonic()
    output = await engine.run(job("__slow_5s__ a cat", livemode=False), watch)
    assert time.monotonic() - started >= 5.0
    assert output.media
    assert len(watch.heard) > 20
    assert watch.heard == sorted(watch.heard)
    assert watch.heard[-1] == 1.0


async def test_slow_can_be_canceled_and_heeds_the_deadline(engine):
    started = time.monotonic()
    caught = await fault(engine, job("__slow_5s__", livemode=False), Watch(stop_after_seconds=0.2))
    assert caught.code == "CANCELED"
    caught = await fault(engine, job("__slow_5s__", livemode=False, deadline_seconds=0.2))
    assert caught.code == "TIMEOUT"
    assert time.monotonic() - started < 8.0, "neither took its five seconds"


async def test_a_live_job_is_never_searched_for_markers(engine):
    for marker in MAGIC:
        watch = Watch()
        assert (await engine.run(job(f"a cat {marker}"), watch)).media
        assert len(watch.heard) < 20, "a slow one tells more often how far it is"


async def test_sandbox_pictures_carry_the_mark_and_are_the_same_otherwise(engine):
    live, sandbox, flaky = [
        pyvips.Image.new_from_buffer((await engine.run(asked, Watch())).media[0].data, "")
        for asked in (
            job("a cat"),
            job("a cat", livemode=False),
            job("a cat __flaky__", livemode=False, attempt=2),
        )
    ]
    assert (live - sandbox).abs().avg() > 2
    assert (sandbox - flaky).abs().max() == 0
    # The lower left corner is outside both parts of the mark.
    assert (live - sandbox).abs().crop(0, 80, 16, 16).max() == 0


async def test_enhancing_is_the_documented_rewriting(engine):
    asked = Job("enhance_prompt", MODEL, prompt="кот @hero")
    text = (await engine.run(asked, Watch())).text
    assert text.startswith("кот @hero, ")
    again = Job("enhance_prompt", MODEL, prompt=text)
    assert (await engine.run(again, Watch())).text == text


async def test_a_run_whose_caller_goes_away_frees_its_thread(engine):
    big = Job("text_to_image", MODEL, prompt="city", width=4096, height=4096, seed=1)
    watch = Watch()
    task = asyncio.create_task(engine.run(big, watch))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # On its one thread the next can run only when the first has let go of it.
    assert (await engine.run(job("a cat"), Watch())).media
    assert 1.0 not in watch.heard


def test_it_needs_a_thread():
    with pytest.raises(ValueError, match="thread"):
        BuiltinEngine(threads=0)

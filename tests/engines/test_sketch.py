"""The sketch engine: what is its own beyond the contract of every engine."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest

from media.sketch.drawings import handbag, mug, page, png, rgb
from support.scenes import scene
from tintype.engines.base import Blob, EngineFault, Job
from tintype.engines.markers import MAGIC
from tintype.engines.of_worker import configured
from tintype.engines.sketch import MODEL, SketchEngine

SKETCH = Blob(png(page(mug(), side=400)), "image/png")
JOB = Job(
    "sketch_to_photo", MODEL, "a red mug", references=(SKETCH,), width=256, height=192, seed=4
)


@dataclass
class Watch:
    """A runner's side: records progress, and is canceled once `done` was reported."""

    canceled_at: float = 2.0
    heard: list[float] = field(default_factory=list)

    def canceled(self) -> bool:
        return bool(self.heard) and self.heard[-1] >= self.canceled_at

    def progress(self, done: float) -> None:
        self.heard.append(done)


@pytest.fixture
async def engine():
    one = SketchEngine(threads=1)
    await one.open()
    yield one
    await one.close()


async def pictured(engine, job):
    output = await engine.run(job, Watch())
    assert output.media[0].media_type == "image/png"
    return rgb(output.media[0].data)


async def fault_of(engine, job, watch=None):
    with pytest.raises(EngineFault) as caught:
        await engine.run(job, watch or Watch())
    return caught.value


async def test_a_sketch_becomes_a_picture_of_the_asked_size(engine):
    picture = await pictured(engine, JOB)
    assert picture.shape == (192, 256, 3)
    middle = picture[90:110, 100:125].reshape(-1, 3).mean(axis=0)
    assert middle[0] > 2 * middle[1], "red, as its words say"


def test_it_says_what_it_is(engine):
    can = engine.capabilities(MODEL)
    assert (can.fidelity, can.seed, can.cancel) == ("preview", "stable", "step")
    assert can.operations == {"sketch_to_photo"}
    assert can.references_max == 1


def test_the_registry_serves_it():
    model, engine = configured(draw_threads=1).serving("sketch_to_photo", livemode=False)
    assert (model, engine.name) == (MODEL, "sketch")


@pytest.mark.parametrize("count", [0, 2])
async def test_exactly_one_sketch_is_taken(engine, count):
    fault = await fault_of(engine, replace(JOB, references=(SKETCH,) * count))
    assert fault.code == "INVALID_REQUEST"
    assert "one picture" in fault.message


async def test_a_blank_page_and_a_photograph_are_told_apart_in_words(engine):
    blank = Blob(png(np.full((300, 300, 3), 255, np.uint8)), "image/png")
    fault = await fault_of(engine, replace(JOB, references=(blank,)))
    assert (fault.code, fault.retryable) == ("INVALID_REQUEST", False)
    assert "shows no strokes" in fault.message
    photo = Blob(png(scene(0)), "image/png")
    fault = await fault_of(engine, replace(JOB, references=(photo,)))
    assert (fault.code, fault.retryable) == ("INVALID_REQUEST", False)
    assert "photograph" in fault.message
    assert "Send a drawing" in fault.message


async def test_the_sandbox_marks_its_pictures_and_a_live_job_does_not(engine):
    live = await pictured(engine, JOB)
    test = await pictured(engine, replace(JOB, livemode=False))
    changed = np.abs(live.astype(int) - test).max(axis=2) > 12
    assert changed[:40, -40:].mean() > 0.3
    assert changed.mean() > 0.02


@pytest.mark.parametrize(
    ("marker", "code"),
    [
        ("__provider_500__", "PROVIDER_ERROR"),
        ("__rejected__", "CONTENT_REJECTED"),
        ("__timeout__", "TIMEOUT"),
        ("__flaky__", "PROVIDER_ERROR"),
    ],
)
async def test_markers_force_failures_in_the_sandbox_alone(engine, marker, code):
    asked = replace(JOB, prompt=f"a red mug {marker}", livemode=False)
    assert (await fault_of(engine, asked)).code == code
    assert (await engine.run(replace(asked, livemode=True), Watch())).media


async def test_markers_leave_the_picture_as_it_is(engine):
    marked = replace(JOB, livemode=False, attempt=2, prompt=f"a {'__flaky__'} red mug")
    plain = replace(marked, prompt="a  red mug")
    one, other = [(await engine.run(job, Watch())).media for job in (marked, plain)]
    assert one == other
    assert set(MAGIC) >= {"__flaky__", "__slow_5s__"}


async def test_a_cancellation_is_heeded_between_steps(engine):
    large = Blob(png(page(handbag(), side=1200)), "image/png")
    job = replace(JOB, references=(large,), width=2048, height=2048)
    watch = Watch(canceled_at=0.4)
    assert (await fault_of(engine, job, watch)).code == "CANCELED"
    assert watch.heard[-1] < 0.7


async def test_every_format_of_ours_is_taken(engine):
    pixels = np.ascontiguousarray(page(mug(), side=400)[..., ::-1])
    for extension, media_type in ((".jpg", "image/jpeg"), (".webp", "image/webp")):
        data = cv2.imencode(extension, pixels)[1].tobytes()
        picture = await pictured(engine, replace(JOB, references=(Blob(data, media_type),)))
        assert picture.shape == (192, 256, 3)

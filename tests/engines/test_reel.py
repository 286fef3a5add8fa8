"""What is the reel engine's own: one picture or a prompt in, a film and its poster out."""

import asyncio
import io

import av
import numpy as np
import pytest

from tintype.engines.base import Blob, EngineFault, Job
from tintype.engines.markers import MAGIC
from tintype.engines.of_worker import configured
from tintype.engines.reel import MODEL, ReelEngine
from tintype.media.draft.draw import draw
from tintype.media.finish.frame import opened

SHORT = {"duration_seconds": 1.0, "fps": 12}


class Watch:
    def __init__(self, canceled_after=None):
        self.heard = []
        self.canceled_after = canceled_after

    def canceled(self):
        return self.canceled_after is not None and len(self.heard) >= self.canceled_after

    def progress(self, done):
        self.heard.append(done)


@pytest.fixture
async def engine():
    engine = ReelEngine(threads=1)
    await engine.open()
    yield engine
    await engine.close()


@pytest.fixture(scope="module")
def picture():
    return Blob(draw("a red fox in the forest", width=400, height=300, seed=4), "image/png")


def job(prompt="", *references, extra=SHORT, **more):
    asked = {"width": 192, "height": 108, "seed": 3} | more
    return Job("image_to_video", MODEL, prompt, references=references, extra=extra, **asked)


async def fault(engine, asked, watch=None):
    with pytest.raises(EngineFault) as caught:
        await engine.run(asked, watch or Watch())
    return caught.value


async def film(engine, asked):
    return (await engine.run(asked, Watch())).media[0].data


def shown(data):
    with av.open(io.BytesIO(data)) as opened_film:
        return [
            frame.to_ndarray(format="gray").astype(int) for frame in opened_film.decode(video=0)
        ]


def test_it_says_what_it_does():
    can = configured(draw_threads=1).engine_for(MODEL).capabilities(MODEL)
    assert can.operations == {"image_to_video"}
    assert (can.fidelity, can.progress, can.cancel, can.seed) == (
        "preview", "steps", "step", "stable",
    )  # fmt: skip
    assert (can.references_max, can.size_step, can.pixels_max) == (1, 2, 3840 * 2160)


@pytest.mark.parametrize("with_picture", [True, False])
async def test_a_film_and_its_poster_come_in_the_asked_size_and_length(
    engine, picture, with_picture
):
    asked = job("a red fox", *([picture] if with_picture else []), extra=SHORT | {"fps": 24})
    made, poster = (await engine.run(asked, Watch())).media
    assert (made.media_type, poster.media_type) == ("video/mp4", "image/jpeg")
    frames = shown(made.data)
    assert len(frames) == 24
    assert frames[0].shape == (108, 192)
    still = opened(poster.data)
    assert (still.width, still.height) == (192, 108)


async def test_extras_left_out_have_defaults(engine, picture):
    data = await film(engine, job("", picture, extra={}, width=64, height=64))
    assert len(shown(data)) == 150


async def test_the_prompt_may_name_the_move(engine, picture):
    into, out = [shown(await film(engine, job(p, picture))) for p in ("zoom in", "zoom out")]
    assert np.abs(into[0] - out[-1]).mean() < 3 < np.abs(into[0] - into[-1]).mean()


async def test_what_the_prompt_says_of_the_camera_is_not_drawn(engine):
    one, other = [
        shown(await film(engine, job(p))) for p in ("a fox, pan left", "a fox, pan right")
    ]
    assert np.abs(one[0] - other[-1]).mean() < 3


async def test_the_focal_point_is_kept_in_the_frame(engine):
    pixels = draw("a wide field", width=300, height=300, seed=1)
    near, far = [
        shown(await film(engine, job("zoom in", Blob(pixels, "image/png"), extra=SHORT | {"focal_point": at})))
        for at in ([0.5, 0.1], (0.5, 0.9))
    ]  # fmt: skip
    assert np.abs(near[-1] - far[-1]).mean() > 5


async def test_progress_goes_by_frames(engine, picture):
    watch = Watch()
    await engine.run(job("", picture), watch)
    assert len(watch.heard) == 13
    assert watch.heard == sorted(watch.heard)
    drawn = Watch()
    await engine.run(job("a fox"), drawn)
    assert len(drawn.heard) > 13
    assert drawn.heard == sorted(drawn.heard)


@pytest.mark.parametrize("after", [1, 5])
async def test_a_cancellation_is_heeded_between_frames(engine, picture, after):
    watch = Watch(canceled_after=after)
    assert (await fault(engine, job("", picture), watch)).code == "CANCELED"
    assert len(watch.heard) == after


async def test_the_callers_own_cancellation_passes_and_frees_the_thread(engine, picture):
    long = job("", picture, extra={"duration_seconds": 60.0}, width=1280, height=720)
    task = asyncio.create_task(engine.run(long, Watch()))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await asyncio.wait_for(engine.run(job("", picture), Watch()), 20)).media


async def test_the_sandbox_marks_what_it_draws_and_nothing_else(engine, picture):
    live, sandbox = [await film(engine, job("a fox", livemode=mode)) for mode in (True, False)]
    assert np.abs(shown(live)[0] - shown(sandbox)[0]).max() > 20
    live, sandbox = [await film(engine, job("", picture, livemode=mode)) for mode in (True, False)]
    assert live == sandbox


@pytest.mark.parametrize(
    ("marker", "code"),
    [
        ("__provider_500__", "PROVIDER_ERROR"),
        ("__rejected__", "CONTENT_REJECTED"),
        ("__timeout__", "TIMEOUT"),
        ("__flaky__", "PROVIDER_ERROR"),
    ],
)
async def test_markers_force_failures_in_the_sandbox_only(engine, picture, marker, code):
    assert (await fault(engine, job(f"a fox {marker}", picture, livemode=False))).code == code
    assert (await engine.run(job(f"a fox {marker}", picture), Watch())).media


async def test_flaky_works_the_second_time_and_markers_are_not_drawn(engine):
    again = await film(engine, job("a fox __flaky__", livemode=False, attempt=2))
    assert again == await film(engine, job("a fox  ", livemode=False))
    assert "__flaky__" in MAGIC


async def test_slow_can_be_canceled(engine):
    watch = Watch(canceled_after=3)
    assert (await fault(engine, job("__slow_5s__", livemode=False), watch)).code == "CANCELED"


@pytest.mark.parametrize(
    ("extra", "more"),
    [
        ({"duration_seconds": 0.5}, {}),
        ({"duration_seconds": 61}, {}),
        ({"duration_seconds": "5"}, {}),
        ({"duration_seconds": True}, {}),
        ({"duration_seconds": float("nan")}, {}),
        ({"fps": 30.0}, {}),
        ({"fps": 5}, {}),
        ({"focal_point": [0.5]}, {}),
        ({"focal_point": [0.5, 2]}, {}),
        ({"focal_point": ["a", "b"]}, {}),
        ({"focal_point": [True, False]}, {}),
        ({}, {"width": 193}),
        ({}, {"width": 32}),
        ({}, {"width": 0}),
        ({}, {"width": 3840, "height": 3840}),
    ],
)
async def test_what_cannot_be_made_is_an_invalid_request(engine, picture, extra, more):
    for references in ((picture,), ()):
        caught = await fault(engine, job("a fox", *references, extra=SHORT | extra, **more))
        assert caught.code == "INVALID_REQUEST"
        assert not caught.retryable
        assert caught.message.endswith(".")


async def test_two_pictures_are_refused(engine, picture):
    assert (await fault(engine, job("", picture, picture))).code == "INVALID_REQUEST"

"""What is the retouching engine's own: a recipe in, the same picture enhanced out."""

import cv2
import numpy as np
import pytest

from media.retouch.places import interior
from support.waxy import waxy_picture
from tintype.catalog.models import catalog
from tintype.engines.base import Blob, EngineFault, Job
from tintype.engines.of_worker import configured
from tintype.engines.retouch import MODEL, RetouchEngine
from tintype.media.finish.frame import opened


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
    engine = RetouchEngine(threads=1)
    await engine.open()
    yield engine
    await engine.close()


@pytest.fixture(scope="module")
def picture():
    return waxy_picture(320)


def job(*references, steps=({"step": "exposure"},), extra=None, **more):
    asked = {"steps": list(steps)} | (extra or {})
    return Job("enhance", MODEL, references=references, extra=asked, **{"seed": 3} | more)


async def fault(engine, asked, watch=None):
    with pytest.raises(EngineFault) as caught:
        await engine.run(asked, watch or Watch())
    return caught.value


async def pixels(engine, asked):
    (made,) = (await engine.run(asked, Watch())).media
    return opened(made.data).pixels


async def test_it_declares_what_it_does(engine):
    can = engine.capabilities(MODEL)
    assert can.operations == {"enhance"}
    assert (can.fidelity, can.progress, can.cancel, can.seed) == ("full", "steps", "step", "stable")
    assert (can.references_max, can.pixels_max, can.ready_to_store) == (2, 50_000_000, True)
    engines = configured(draw_threads=1)
    assert engines.engine_for(MODEL).name == "retouch"
    assert engines.serving("enhance", livemode=False)[0] == MODEL


def test_the_catalogue_offers_it():
    (model,) = (model for model in catalog().models if model.id == MODEL)
    assert (model.engine, model.fidelity, model.operations) == ("retouch", "full", ["enhancement"])
    assert model.references_max == 2


async def test_the_recipe_is_done_and_the_format_stays(engine, picture):
    (made,) = (await engine.run(job(picture), Watch())).media
    assert made.media_type == "image/png"
    before, after = opened(picture.data).pixels, opened(made.data).pixels
    assert after.mean() > before.mean() + 5
    assert after.shape == before.shape


async def test_the_size_asked_for_is_exact_and_keeps_the_focal_point(engine, picture):
    asked = job(picture, extra={"focal_point": [0.1, 0.9]}, width=160, height=90)
    made = await pixels(engine, asked)
    assert made.shape == (90, 160, 3)
    other = await pixels(engine, job(picture, extra={"focal_point": None}, width=160, height=90))
    assert not np.array_equal(made, other)


async def test_it_says_what_it_found_no_place_for(engine):
    lit = np.rint(interior(3001, width=320, height=240).picture[..., ::-1] * 255)
    room = Blob(bytes(cv2.imencode(".png", lit.astype(np.uint8))[1]), "image/png")
    asked = [
        {"step": "exposure"},
        {"step": "sky", "look": "blue"},
        {"step": "season", "look": "autumn"},
    ]
    notes = (await engine.run(job(room, steps=asked), Watch())).notes
    assert [note.split(" was found")[0] for note in notes] == ["no sky", "nothing green"]
    assert (await engine.run(job(room), Watch())).notes == ()


async def test_variant_0_follows_no_seed_and_the_others_do(engine, picture):
    def asked(variant, seed):
        return job(picture, extra={"variant": variant}, seed=seed)

    assert np.array_equal(await pixels(engine, asked(0, 1)), await pixels(engine, asked(0, 2)))
    one, other = await pixels(engine, asked(1, 1)), await pixels(engine, asked(1, 2))
    assert not np.array_equal(one, other)


async def test_the_second_picture_is_matched(engine, picture):
    plain = (
        await engine.run(job(picture, steps=[{"step": "exposure", "stops": -2}]), Watch())
    ).media
    made = await pixels(engine, job(picture, plain[0], steps=[{"step": "match"}]))
    assert made.mean() < opened(picture.data).pixels.mean() - 20
    assert abs(made.mean() - opened(plain[0].data).pixels.mean()) < 12


async def test_pictures_that_nobody_asked_for_or_that_lack_are_refused(engine, picture):
    for asked in (
        job(), job(picture, picture, picture), job(picture, picture),
        job(picture, steps=[{"step": "match"}]),
    ):  # fmt: skip
        caught = await fault(engine, asked)
        assert (caught.code, caught.retryable) == ("INVALID_REQUEST", False)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"steps": "exposure"}, "list"),
        ({"steps": None}, "list"),
        ({"steps": [{"step": "levitate"}]}, "levitate"),
        ({"steps": [{"step": "exposure", "stops": 9}]}, "-2 to 2"),
        ({"steps": ["exposure"]}, "object"),
        ({"variant": -1}, "variant"),
        ({"variant": True}, "variant"),
        ({"variant": "1"}, "variant"),
        ({"variant": 10**6}, "variant"),
        ({"focal_point": [0.5]}, "focal point"),
        ({"focal_point": "middle"}, "focal point"),
        ({"focal_point": [0.5, 3]}, "focal point"),
        ({"focal_point": [0.5, None]}, "focal point"),
        ({"focal_point": [True, 0.5]}, "focal point"),
    ],
)
async def test_extras_that_are_none_are_refused_by_name(engine, picture, extra, said):
    caught = await fault(engine, job(picture, extra=extra))
    assert (caught.code, caught.retryable) == ("INVALID_REQUEST", False)
    assert said in caught.message


async def test_a_recipe_without_steps_gives_the_picture(engine, picture):
    made = await pixels(engine, job(picture, steps=()))
    assert np.array_equal(made, opened(picture.data).pixels)
    bare = Job("enhance", MODEL, references=(picture,))
    assert np.array_equal(await pixels(engine, bare), made)


async def test_the_sandbox_gets_the_same_pixels_without_a_mark(engine, picture):
    live, sandbox = [
        (await engine.run(job(picture, livemode=livemode), Watch())).media
        for livemode in (True, False)
    ]
    assert live == sandbox


async def test_damaged_bytes_are_an_invalid_request(engine, picture):
    for data in (b"", b"GIF89a", picture.data[:-300], picture.data[:40]):
        caught = await fault(engine, job(Blob(data, "image/png")))
        assert (caught.code, caught.retryable) == ("INVALID_REQUEST", False)


async def test_it_is_canceled_on_the_way_and_heeds_its_deadline(engine):
    source, steps = waxy_picture(1500), [{"step": "exposure"}, {"step": "dusk"}]
    watch = Watch(stop_at=0.0)
    assert (await fault(engine, job(source, steps=steps), watch)).code == "CANCELED"
    caught = await fault(engine, job(source, steps=steps, deadline_seconds=0.02))
    assert (caught.code, caught.retryable) == ("TIMEOUT", False)


def test_it_needs_a_thread():
    with pytest.raises(ValueError, match="thread"):
        RetouchEngine(threads=0)

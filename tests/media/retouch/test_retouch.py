"""The runner: files in and out, sizes, transparency, variants, cancellation, what is refused."""

import cv2
import numpy as np
import pytest
import pyvips

from media.retouch.places import exterior, interior
from support.products import product
from tintype.core.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from tintype.media.finish.frame import opened
from tintype.media.inspect import Limits
from tintype.media.retouch.retouch import retouch
from tintype.media.retouch.steps import NAMES
from tintype.media.stopping import Stopped

KINDS = ("png", "jpeg", "webp", "avif")


def coded(picture, kind="png"):
    pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    image = pyvips.Image.new_from_memory(
        pixels.tobytes(), pixels.shape[1], pixels.shape[0], pixels.shape[2], "uchar"
    ).copy(interpretation="srgb")
    match kind:
        case "png":
            return image.pngsave_buffer(compression=1)
        case "jpeg":
            return image.jpegsave_buffer(Q=92)
        case "webp":
            return image.webpsave_buffer(Q=90)
        case _:
            return image.heifsave_buffer(Q=80, compression="av1", effort=0)


def done(data, *steps, progress=lambda _done: None, canceled=lambda: False, **more):
    recipe = [{"step": it} if isinstance(it, str) else it for it in steps]
    return retouch(data, recipe, canceled=canceled, progress=progress, **more)


@pytest.fixture(scope="module")
def room():
    return coded(interior(4, width=240, height=180).picture)


@pytest.fixture(scope="module")
def house():
    return coded(exterior(6, width=240, height=180).picture)


@pytest.fixture(scope="module")
def bottle():
    """A product on a plain backdrop."""
    return coded(cv2.resize(product(1).pixels, (280, 240), interpolation=cv2.INTER_AREA))


def test_without_steps_the_pixels_stay(room):
    assert np.array_equal(opened(done(room)).pixels, opened(room).pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_the_format_and_size_stay(kind):
    data = coded(interior(4, width=240, height=180).picture, kind)
    frame = opened(done(data, "exposure", "sharpen"))
    assert (frame.format, frame.width, frame.height) == (kind, 240, 180)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "match"])
def test_every_step_runs_by_its_defaults(room, house, bottle, name):
    for data in (room, house) if name != "white_background" else (bottle,):
        before, after = opened(data), opened(done(data, name))
        assert (after.width, after.height) == (before.width, before.height)


def test_a_backdrop_that_is_not_plain_is_said_to_be_none(house):
    with pytest.raises(ValidationFailed) as caught:
        done(house, "white_background")
    (problem,) = caught.value.details
    assert "background" in problem["problem"]


def test_every_step_of_the_table_is_done(bottle):
    """All at once on a product, which has a plain backdrop."""
    frame = opened(done(bottle, *NAMES, reference=bottle))
    assert np.mean(frame.pixels[:8]) > 60


def test_all_steps_at_once(house, room):
    steps = [name for name in NAMES if name != "white_background"]
    assert opened(done(house, *steps, reference=room)).width == 240


def test_steps_change_what_they_say(room):
    brighter = opened(done(room, {"step": "exposure", "stops": 0.6})).pixels
    assert brighter.mean() > opened(room).pixels.mean() + 10


def test_equal_arguments_give_equal_bytes(house):
    steps = ("exposure", {"step": "sky", "look": "blue"}, "sharpen")
    for more in ({}, {"variant": 2, "seed": 7}):
        assert done(house, *steps, **more) == done(house, *steps, **more)


def test_variants_differ_visibly_from_the_recipe_and_each_other(room):
    for steps in ((), ("exposure",), ("straighten",)):
        made = [opened(done(room, *steps, variant=n, seed=5)).pixels for n in range(5)]
        for number, one in enumerate(made):
            for other in made[:number]:
                away = np.abs(one.astype(int) - other.astype(int)).mean()
                assert away > 1.5


@pytest.mark.parametrize("size", [(120, 120), (320, 180), (50, 200), (480, 360), (1, 1)])
def test_sizes_are_exact(room, size):
    frame = opened(done(room, "contrast", width=size[0], height=size[1]))
    assert (frame.width, frame.height) == size


def test_a_crop_keeps_the_focal_point():
    picture = np.full((100, 300, 3), 0.2, np.float32)
    picture[40:60, 250:270] = (1, 0, 0)
    for kind in ("png", "jpeg"):
        pixels = opened(
            done(coded(picture, kind), width=100, height=100, focal_point=(0.87, 0.5))
        ).pixels
        assert pixels[..., 0].max() > 200
    pixels = opened(done(coded(picture), width=100, height=100, focal_point=(0.1, 0.5))).pixels
    assert pixels[..., 0].max() < 80


def test_transparency_is_kept_and_cropped_alike():
    picture = interior(4, width=240, height=180).picture
    alpha = np.zeros((180, 240, 1), np.float32)
    alpha[:, 120:] = 1
    data = coded(np.concatenate((picture, alpha), 2))
    frame = opened(done(data, "exposure"))
    assert np.array_equal(frame.alpha, np.rint(alpha[..., 0] * 255))
    small = opened(done(data, "exposure", {"step": "lens", "amount": 0.5}, width=120, height=90))
    assert small.alpha.shape == (90, 120)
    assert small.alpha[:, :50].max() < 10
    assert small.alpha[:, 70:].min() > 245


def test_a_lifted_shadow_has_no_bands():
    ramp = np.linspace(0.02, 0.08, 600, dtype=np.float32)[None, :, None].repeat(120, 0)
    data = coded(np.ascontiguousarray(ramp.repeat(3, 2)))
    made = opened(done(data, {"step": "exposure", "stops": 2.0})).pixels[..., 0]
    smooth = cv2.GaussianBlur(made.astype(np.float32), (0, 0), 12)
    assert np.abs(np.diff(smooth[60])).max() < 0.5


def test_flat_drawings_stay_flat():
    drawn = np.full((80, 120, 3), 0.4, np.float32)
    drawn[20:60, 30:90] = (0.8, 0.2, 0.1)
    pixels = opened(done(coded(drawn), {"step": "exposure", "stops": 0.37})).pixels
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) <= 16


def test_progress_rises_to_1(room):
    heard = []
    done(room, "exposure", "contrast", "sharpen", progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) > 4


@pytest.mark.parametrize("questions", [0, 1, 3, 6])
def test_it_stops_when_asked_to(room, questions):
    asked = iter(range(10_000))
    with pytest.raises(Stopped):
        done(room, "exposure", "clarity", "dusk", canceled=lambda: next(asked) >= questions)


def test_a_reference_is_followed_and_only_where_it_counts(room, house):
    made = opened(done(house, "match", reference=room)).pixels
    away = [abs(it.mean() - opened(room).pixels.mean()) for it in (opened(house).pixels, made)]
    assert away[1] < away[0]
    with pytest.raises(ValueError, match="second picture"):
        done(house, "match")
    with pytest.raises(ValueError, match="isn't in the recipe"):
        done(house, "exposure", reference=room)


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 100}, {"height": 100}, {"width": -1, "height": 100}, {"width": 9000, "height": 9000},
        {"focal_point": (1.2, 0.5)}, {"focal_point": (float("nan"), 0.5)},
    ],
)  # fmt: skip
def test_sizes_and_points_that_are_none_are_refused(room, wrong):
    with pytest.raises(ValueError, match=r"pixels|Width|focal"):
        done(room, "exposure", **wrong)


def test_a_format_s_longest_side_is_heeded():
    data = coded(interior(4, width=120, height=90).picture, "webp")
    with pytest.raises(ValueError, match="WEBP"):
        done(data, width=17_000, height=100)


def test_what_is_no_picture_is_refused(room):
    with pytest.raises(UnsupportedMediaType):
        done(b"GIF89a" + bytes(40), "exposure")
    with pytest.raises(ValidationFailed):
        done(room[:-700], "exposure")
    with pytest.raises(PayloadTooLarge):
        done(room, "exposure", limits=Limits(bytes_max=1000))
    with pytest.raises(ValidationFailed):
        done(room, "match", reference=room[:-700])


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 50), (64, 2)])
def test_the_smallest_pictures_are_no_trouble(size):
    picture = np.random.default_rng(1).random((*size, 3), np.float32)
    steps = [name for name in NAMES if name not in {"white_background", "match"}]
    frame = opened(done(coded(picture), *steps))
    assert (frame.height, frame.width) == size


@pytest.mark.parametrize("before", ["temperature", "exposure", "saturation"])
@pytest.mark.parametrize("seed", [906, 917, 921])
def test_places_are_found_as_they_were_before_other_steps(seed, before):
    """A warm sky is still one: what else the recipe does hides no place from a later step."""
    place = exterior(seed, width=240, height=180)
    data = coded(place.picture)
    strong = {
        "temperature": {"amount": 0.9},
        "exposure": {"stops": -1.2},
        "saturation": {"amount": -1},
    }
    first = {"step": before, **strong[before]}
    for step, where in (
        ({"step": "sky", "look": "sunset"}, "sky"),
        ({"step": "lawn", "amount": 1}, "grass"),
    ):
        plain = opened(done(data, first)).pixels.astype(float)
        made = opened(done(data, first, step)).pixels.astype(float)
        assert np.abs(made - plain)[place.masks[where]].mean() > 4, step


@pytest.mark.parametrize("amount", [-1, 1])
def test_the_smallest_pictures_have_no_corners_to_move(amount):
    for high, wide in ((1, 1), (1, 9), (9, 1)):
        data = coded(np.full((high, wide, 3), 0.6))
        made = opened(done(data, {"step": "lens", "amount": amount}, "vignette"))
        assert made.pixels.shape == (high, wide, 3)
        assert made.pixels.min() > 60

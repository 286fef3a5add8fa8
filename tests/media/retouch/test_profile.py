import cv2
import numpy as np
import pytest

from media.retouch.places import exterior, interior
from tintype.core.errors import ValidationFailed
from tintype.media.retouch import balance, colour, tone
from tintype.media.retouch.profile import NAMES, profile, profile_of


def never():
    return False


@pytest.fixture(scope="module")
def room():
    return interior(7, width=320, height=240).picture


def changed(picture, step, **parameters):
    made = picture.copy()
    step(made, **parameters, canceled=never)
    return dict(zip(NAMES, profile_of(made), strict=True))


def coded(picture, kind=".png"):
    return cv2.imencode(kind, np.rint(picture[..., ::-1] * 255))[1].tobytes()


def test_there_are_at_most_twelve_numbers_with_names_of_their_own(room):
    assert len(NAMES) == len(set(NAMES)) <= 12
    assert len(profile(coded(room))) == len(NAMES)


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_every_number_is_in_its_range(room, level):
    plain = np.full((5, 7, 3), level, np.float32)
    red = plain * (1, 0, 0)
    for picture in (room, exterior(3).picture, plain, red.astype(np.float32)):
        for name, number in zip(NAMES, profile_of(picture), strict=True):
            assert (-1 if name in {"warmth", "tint"} else 0) <= number <= 1


def test_grey_has_no_colour_and_no_cast():
    numbers = dict(zip(NAMES, profile_of(np.full((40, 40, 3), 0.5, np.float32)), strict=True))
    for name in ("warmth", "tint", "saturation", "colourfulness", "contrast", "detail"):
        assert numbers[name] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("name", "step", "less", "more"),
    [
        ("brightness", tone.exposure, {"stops": -1.0}, {"stops": 0.7}),
        ("white_point", tone.exposure, {"stops": -1.0}, {"stops": 0.5}),
        ("black_point", tone.shadows, {"amount": -1.0}, {"amount": 1.0}),
        ("contrast", tone.contrast, {"amount": -1.0}, {"amount": 1.0}),
        ("shadows", tone.exposure, {"stops": 1.0}, {"stops": -1.5}),
        ("highlights", tone.exposure, {"stops": -1.0}, {"stops": 1.0}),
        ("warmth", balance.temperature, {"amount": -1.0}, {"amount": 1.0}),
        ("tint", balance.tint, {"amount": -1.0}, {"amount": 1.0}),
        ("saturation", colour.saturation, {"amount": -0.5}, {"amount": 0.5}),
        ("colourfulness", colour.saturation, {"amount": -0.5}, {"amount": 0.5}),
        ("local_contrast", tone.clarity, {"amount": -1.0}, {"amount": 1.0}),
    ],
)
def test_a_number_follows_what_it_is_named_for(room, name, step, less, more):
    low, high = changed(room, step, **less)[name], changed(room, step, **more)[name]
    assert low < dict(zip(NAMES, profile_of(room), strict=True))[name] + 1e-6
    assert low < high


def test_a_file_s_size_and_format_hardly_count(room):
    large = cv2.resize(room, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    one, other = profile(coded(room)), profile(coded(np.clip(large, 0, 1), ".jpg"))
    assert np.abs(np.array(one) - np.array(other))[: NAMES.index("local_contrast")].max() < 0.05


def test_bytes_that_are_no_picture_are_refused(room):
    with pytest.raises(ValidationFailed):
        profile(coded(room)[:-900])

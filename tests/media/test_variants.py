"""Derived sizes: strict parameters, one name for equal requests, exact sizes, kept focal points."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import images
from tintype.core.errors import ValidationFailed
from tintype.media.inspect import Limits, inspect
from tintype.media.variants import (
    Variant,
    check,
    crop_size,
    crop_start,
    negotiate,
    output_size,
    parse_variant,
    render,
    shrink_on_load,
)

SIDES = st.integers(1, 20_000)


def parsed(form="webp", **given_values: str) -> Variant:
    raw = dict.fromkeys(("w", "h", "fit", "dpr", "q")) | given_values
    return parse_variant(**raw, format=form)


def variant(width=None, height=None, fit="cover", form="png", dpr=1.0, quality=None) -> Variant:
    return Variant(width, height, fit, dpr, quality, form)


def test_nothing_given_is_the_whole_picture():
    assert parsed() == Variant(None, None, "cover", 1.0, None, "webp")


def test_everything_given_is_read():
    found = parsed(w="640", h="480", fit="contain", dpr="1.25", q="70")
    assert found == Variant(640, 480, "contain", 1.25, 70, "webp")


BAD_WHOLE = [
    "",
    "0",
    "-1",
    "+1",
    "010",
    "1e3",
    " 10",
    "10 ",
    "10\n",
    "1.0",
    "1_0",
    "٣",
    "²",
    "0x10",
]


@pytest.mark.parametrize("name", ["w", "h", "q"])
@pytest.mark.parametrize("text", [*BAD_WHOLE, "16385", "100000", "9" * 5000, "nan"])
def test_whole_numbers_are_strict(name, text):
    with pytest.raises(ValidationFailed) as caught:
        parsed(**{name: text})
    assert caught.value.param == name
    assert len(caught.value.message) < 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.49",
        "5.01",
        "1000",
        "nan",
        "inf",
        "-1",
        "+1",
        "1.",
        ".5",
        "1.255",
        "1e0",
        " 1",
        "01",
        "1,5",
    ],
)
def test_dpr_is_strict(text):
    with pytest.raises(ValidationFailed) as caught:
        parsed(dpr=text)
    assert caught.value.param == "dpr"


@pytest.mark.parametrize(
    ("text", "value"), [("0.5", 0.5), ("1", 1), ("2.00", 2), ("5", 5), ("3.75", 3.75)]
)
def test_dpr_has_up_to_two_decimals(text, value):
    assert parsed(dpr=text).dpr == value


@pytest.mark.parametrize("text", ["", "Cover", "fill", "cover "])
def test_fit_is_one_of_three(text):
    with pytest.raises(ValidationFailed, match="cover, contain, inside"):
        parsed(fit=text)


def test_each_wrong_parameter_is_named_at_once():
    with pytest.raises(ValidationFailed) as caught:
        parsed(w="0", h="x", fit="no", dpr="9", q="101")
    assert {fault["field"] for fault in caught.value.details} == {"w", "h", "fit", "dpr", "q"}


@pytest.mark.parametrize(
    ("accept", "has_alpha", "expected"),
    [
        ("image/avif,image/webp,image/apng,*/*;q=0.8", False, "webp"),
        ("IMAGE/WEBP ; q=0.5", True, "webp"),
        ("image/png,image/webp;q=0", False, "jpeg"),
        ("image/webp;q=0.000,image/*", True, "png"),
        ("*/*", False, "jpeg"),
        ("*/*", True, "png"),
        ("image/avif", False, "jpeg"),
        ("", True, "png"),
        ("image/webpx", False, "jpeg"),
        (";,;;,image/webp", False, "webp"),
    ],
)
def test_auto_is_webp_for_those_who_name_it(accept, has_alpha, expected):
    assert negotiate(accept, has_alpha=has_alpha) == expected


def test_keys_read_well():
    assert parsed(w="640", h="480").key() == "w640-h480-cover-q80.webp"
    assert variant(100, form="jpeg", quality=7).key() == "w100-inside-q7.jpeg"
    assert variant(form="png").key() == "inside.png"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (variant(320, 200, dpr=2.0), variant(640, 400)),
        (variant(320, fit="cover"), variant(320, fit="contain")),
        (variant(320, quality=50), variant(320, quality=90)),
        (variant(dpr=3.0), variant(dpr=1.0)),
        (variant(form="webp"), variant(form="webp", quality=80)),
    ],
)
def test_requests_for_the_same_bytes_have_one_key(one, other):
    assert one.key() == other.key()
    data = images.file("png", 700, 500)
    assert render(data, one, None) == render(data, other, None)


VARIANTS = st.builds(
    Variant,
    st.none() | st.integers(1, 16_384),
    st.none() | st.integers(1, 16_384),
    st.sampled_from(["cover", "contain", "inside"]),
    st.integers(50, 500).map(lambda hundredths: hundredths / 100),
    st.none() | st.integers(1, 100),
    st.sampled_from(images.FORMATS),
)


@given(VARIANTS)
def test_a_key_is_a_safe_path_segment(asked):
    assert re.fullmatch(
        r"(w\d+-)?(h\d+-)?(cover|contain|inside)(-q\d+)?\.(jpeg|png|webp|avif)", asked.key()
    )


@given(VARIANTS, SIDES, SIDES)
def test_inside_never_enlarges_and_boxes_are_exact(asked, source_width, source_height):
    width, height = output_size(asked, source_width, source_height)
    box_width, box_height = asked.box()
    if asked.effective_fit() == "inside":
        assert 1 <= width <= min(source_width, box_width or source_width)
        assert 1 <= height <= min(source_height, box_height or source_height)
    else:
        assert (width, height) == (box_width, box_height)


@given(SIDES, SIDES, SIDES, SIDES, st.floats(0, 1), st.floats(0, 1))
def test_the_focal_point_is_always_inside_the_crop(
    source_width, source_height, width, height, x, y
):
    size = crop_size(source_width, source_height, width, height)
    for side, window, focal in zip((source_width, source_height), size, (x, y), strict=True):
        start = crop_start(side, window, focal)
        assert 0 <= start <= side - window
        assert start - 1e-6 <= focal * side <= start + window + 1e-6
        if 0 < start < side - window:
            assert abs(start + window / 2 - focal * side) <= 1


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_crop_is_as_large_as_its_shape_allows(source_width, source_height, width, height):
    wide, high = crop_size(source_width, source_height, width, height)
    assert wide == source_width or high == source_height
    assert wide <= source_width
    assert high <= source_height


@given(st.floats(0.001, 20_000))
def test_the_decoder_leaves_something_to_the_filter(factor):
    shrink = shrink_on_load(factor)
    assert shrink in {1, 2, 4, 8}
    assert shrink == 1 or factor / shrink >= 1.5


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(1, 120),
    st.integers(1, 120),
    st.sampled_from(["cover", "contain", "inside"]),
    st.sampled_from(["png", "jpeg", "webp"]),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_what_is_rendered_has_the_size_that_was_said(sw, sh, width, height, fit, form, x, y):
    asked = variant(width, height, fit, form)
    found = inspect(render(images.file(form, sw, sh), asked, (x, y)), Limits())
    assert (found.width, found.height) == output_size(asked, sw, sh)


@pytest.mark.parametrize("source", images.FORMATS)
@pytest.mark.parametrize("form", images.FORMATS)
@pytest.mark.parametrize("fit", ["cover", "contain", "inside"])
def test_every_format_becomes_every_format(source, form, fit):
    data = images.file(source, 400, 300, alpha=source != "jpeg")
    found = inspect(render(data, variant(100, 60, fit, form), None), Limits())
    assert (found.width, found.height) == {"inside": (80, 60)}.get(fit, (100, 60))
    assert found.format == form
    padded = fit == "contain"
    assert found.has_alpha == (form != "jpeg" and (source != "jpeg" or padded))


@pytest.mark.parametrize("form", images.FORMATS)
def test_nothing_asked_is_the_picture_in_the_other_format(form):
    image = images.opened(render(images.file("png"), variant(form=form), None))
    assert (image.width, image.height) == (64, 48)
    assert images.looks_upright(image)


@pytest.mark.parametrize(
    ("focal", "corner"),
    [
        ((0, 0), "top left"),
        ((1, 0), "top right"),
        ((0, 1), "bottom left"),
        ((1, 1), "bottom right"),
    ],
)
@pytest.mark.parametrize("kind", images.FORMATS)
def test_the_crop_shows_the_focal_point(kind, focal, corner):
    wide = images.opened(render(images.file(kind, 800, 100), variant(30, 30), focal))
    tall = images.opened(render(images.file(kind, 100, 800), variant(30, 30), focal))
    row = 3 if focal[1] == 0 else 26
    column = 3 if focal[0] == 0 else 26
    for image in (wide, tall):
        assert image(column, row)[:3] == pytest.approx(images.CORNERS[corner], abs=40)


def test_without_a_focal_point_the_centre_is_kept():
    image = images.opened(render(images.file("png", 800, 100), variant(40, 40), None))
    assert images.looks_upright(image)


def test_contain_pads_with_white_in_jpeg_and_with_nothing_elsewhere():
    data = images.file("png", 100, 100)
    white = images.opened(render(data, variant(60, 20, "contain", "jpeg"), None))
    assert min(white(2, 10)) > 250
    clear = images.opened(render(data, variant(60, 20, "contain", "png"), None))
    assert clear(2, 10)[3] == 0
    assert clear(30, 10)[3] == 255


def test_jpeg_lays_alpha_on_white():
    data = images.file("png", 64, 48, alpha=True)
    image = images.opened(render(data, variant(form="jpeg"), None))
    assert image.bands == 3
    assert min(image(1, 24)) > 230


def test_transparent_colours_do_not_bleed_into_the_edge():
    """Black under full transparency beside opaque white: the edge stays white, only fainter."""
    clear, white = (
        images.picture(32, 32).new_from_image(c).cast("uchar") for c in ([0, 0, 0, 0], [255] * 4)
    )
    both = clear.join(white, "horizontal").copy(interpretation="srgb")
    image = images.opened(render(images.encoded(both, "png"), variant(31, 15), None))
    edge = [image(x, 7) for x in range(31)]
    assert all(min(pixel[:3]) > 250 for pixel in edge if pixel[3] > 20)


def test_a_file_gives_the_same_as_its_bytes(tmp_path):
    data = images.file("jpeg", 500, 400)
    (tmp_path / "master").write_bytes(data)
    asked = variant(200, 100, "cover", "webp")
    assert render(tmp_path / "master", asked, (0.2, 0.3)) == render(data, asked, (0.2, 0.3))


@pytest.mark.parametrize("form", images.FORMATS)
def test_equal_requests_give_equal_bytes(form):
    data = images.file("jpeg", 500, 400)
    assert len({render(data, variant(200, form=form), None) for _ in range(3)}) == 1


@pytest.mark.parametrize("shape", [(1, 5_000), (5_000, 1), (1, 1), (3, 9_000)])
@pytest.mark.parametrize("fit", ["cover", "contain", "inside"])
@pytest.mark.parametrize("kind", images.FORMATS)
def test_extreme_shapes_are_rendered(kind, shape, fit):
    asked = variant(900, 700, fit)
    found = inspect(render(images.file(kind, *shape), asked, (0.5, 1.0)), Limits())
    assert (found.width, found.height) == output_size(asked, *shape)


@pytest.mark.parametrize(
    ("asked", "source", "field"),
    [
        (variant(16_384, 16_384), (100, 100), "w"),
        (variant(8_000, 8_000, "contain"), (100, 100), "w"),
        (variant(2_000, 2_000, dpr=5.0), (100, 100), "dpr"),
        (variant(16_384, 10, form="webp"), (100, 100), "w"),
        (variant(10, 16_000, dpr=5.0, form="avif"), (100, 100), "h"),
        (variant(form="webp"), (1, 50_000), "h"),
    ],
)
def test_outputs_too_large_are_refused_before_any_work(asked, source, field):
    with pytest.raises(ValidationFailed) as caught:
        check(asked, *source)
    assert caught.value.param == field


def test_render_refuses_as_check_does():
    with pytest.raises(ValidationFailed):
        render(images.file("png"), variant(16_384, 16_384), None)


def test_a_large_box_around_a_small_picture_is_fine_inside():
    check(variant(16_384, 16_384, "inside", dpr=5.0), 4_000, 3_000)


def test_bytes_that_are_no_picture_are_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="not a picture"):
        render(b"<svg/>", variant(10), None)

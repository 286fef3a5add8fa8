"""Lines enclose parts: gaps are closed, holes are seen through, details belong to their part."""

import numpy as np
import pytest

from media.sketch.drawings import (
    bottle,
    chair,
    curve,
    dress,
    handbag,
    lamp,
    line,
    mug,
    oval,
    page,
    png,
    shoe,
    silhouette,
    teapot,
    vase,
)
from tintype.media.sketch.cast import roles_of
from tintype.media.sketch.ink import read_ink
from tintype.media.sketch.materials import THINGS
from tintype.media.sketch.regions import drawing_of
from tintype.media.sketch.strokes import joins, thinned


def drawing(strokes, *, ringed=False, **how):
    return drawing_of(read_ink(png(page(strokes, **how))), ringed=ringed)


def at(found, x, y):
    """The part at a place of the page of 1,000; 0 is none."""
    rows, columns = found.labels.shape
    return int(found.labels[int(y * rows / 1000), int(x * columns / 1000)])


@pytest.mark.parametrize(
    ("strokes", "parts", "holes"),
    [
        (mug(), 3, 1), (bottle(), 5, 0), (dress(), 3, 0), (shoe(), 5, 0), (lamp(), 2, 0),
        (handbag(), 4, 1), (vase(), 4, 0), (teapot(), 5, 1),
    ],
    ids=["mug", "bottle", "dress", "shoe", "lamp", "handbag", "vase", "teapot"],
)  # fmt: skip
def test_parts_and_holes_are_found(strokes, parts, holes):
    found = drawing(strokes)
    assert sum(not part.rod for part in found.parts) == parts
    assert len(found.holes) == holes


def test_one_sees_through_a_handle_but_not_through_the_body():
    found = drawing(mug())
    assert at(found, 690, 490) == 0, "inside the handle"
    assert at(found, 745, 480) != 0, "the handle"
    assert at(found, 430, 500) == found.parts[0].label, "the body"
    assert at(found, 100, 100) == 0, "the page"


def test_a_clasp_between_two_parts_is_no_hole():
    found = drawing(handbag())
    assert at(found, 500, 650) != 0
    assert at(found, 500, 400) == 0, "below the strap"


def test_a_rings_middle_is_a_hole_only_where_the_thing_is_a_ring():
    donut = [oval(500, 500, 300, 290), oval(500, 490, 140, 130)]
    assert at(drawing(donut, ringed=True), 500, 490) == 0
    assert at(drawing(donut), 500, 490) != 0


@pytest.mark.parametrize("how", [{}, {"wobble": 4}, {"wobble": 3, "times": 3, "pen": 3}])
def test_gaps_at_the_corners_are_closed(how):
    """The chair's strokes stop short of each other everywhere."""
    found = drawing(chair(), **how)
    for x, y in ((355, 300), (500, 570), (500, 635), (314, 780), (690, 780)):
        assert at(found, x, y) != 0, (x, y)
    assert at(found, 500, 800) == 0, "between the legs"
    assert at(found, 100, 500) == 0


def test_a_wide_gap_straight_ahead_is_closed():
    box = [line((250, 300), (700, 300)), line((760, 300), (760, 700), (250, 700), (250, 300))]
    assert at(drawing(box), 500, 500) != 0


def test_a_gap_is_closed_along_the_lines_own_direction():
    """Two ends of one line are joined, not each with the stroke that passes nearby."""
    lines = thinned((page([line((200, 500), (470, 500)), line((530, 500), (800, 500)),
                           line((500, 570), (500, 900))], side=1000)[..., 0] < 128)
                    .astype(np.uint8))  # fmt: skip
    (join,) = joins(lines, 90, 5, strict=True)
    assert sorted((round(float(join.start[0]), -1), round(float(join.end[0]), -1))) == [470, 530]


def test_lines_gone_over_several_times_are_one_outline():
    once, often = drawing(mug()), drawing(mug(), wobble=4, times=3, pen=3)
    assert [part.rod for part in often.parts].count(False) == len(once.parts)


def test_folds_and_laces_are_seams_of_their_part():
    found = drawing(dress())
    rows, columns = np.nonzero(found.seams)
    assert rows.size > 100
    skirt = found.parts[0]
    assert {int(n) for n in np.unique(found.labels[rows, columns])} == {skirt.label}


def test_a_line_that_encloses_nothing_is_a_rod():
    wire = [oval(400, 500, 150, 150), curve((550, 500), (700, 450), (900, 520))]
    found = drawing(wire)
    assert [part.rod for part in found.parts] == [False, True]
    loose = drawing([curve((200, 300), (500, 200), (800, 300))])
    assert [part.rod for part in loose.parts] == [True]


def test_a_frame_around_the_page_is_not_the_thing():
    framed = [*mug(), line((15, 15), (985, 15), (985, 985), (15, 985), closed=True)]
    found = drawing(framed)
    assert at(found, 100, 500) == 0
    assert at(found, 430, 500) != 0


def test_a_thing_cut_off_by_the_pages_edge_is_whole_as_far_as_it_is_seen():
    pixels = page(vase(), side=1000)[400:, :]
    found = drawing_of(read_ink(png(np.ascontiguousarray(pixels))))
    rows, columns = found.labels.shape
    assert found.labels[int(0.15 * rows), columns // 2] != 0


def test_the_silhouette_is_the_drawings():
    for strokes in (bottle(), dress(), lamp(), shoe()):
        found = drawing(strokes, side=1000).solid > 0
        drawn = silhouette(strokes, side=1000) > 0
        assert (found & drawn).sum() / (found | drawn).sum() > 0.985


@pytest.mark.parametrize(
    ("strokes", "thing", "place", "role"),
    [
        (mug(), "mug", (430, 300), "opening"),
        (mug(), "mug", (745, 480), "handle"),
        (mug(), "mug", (430, 500), "main"),
        (bottle(), "bottle", (500, 150), "top"),
        (bottle(), "bottle", (500, 650), "band"),
        (dress(), "dress", (500, 420), "band"),
        (shoe(), "shoe", (500, 695), "bottom"),
        (handbag(), "bag", (500, 650), "nested"),
        (handbag(), "bag", (500, 210), "handle"),
        (lamp(), "lamp", (500, 840), "bottom"),
        (lamp(), "lamp", (500, 300), "main"),
    ],
)
def test_every_part_has_its_role(strokes, thing, place, role):
    found = drawing(strokes)
    assert roles_of(found, THINGS[thing])[at(found, *place)] == role

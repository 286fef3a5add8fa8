"""When scenes are seen, and what the frames between two of them show."""

import itertools

import numpy as np
import pytest
import pyvips

from tintype.media.reel.bounds import TRANSITIONS
from tintype.media.reel.film import blank, planes_of
from tintype.media.reel.plate import source
from tintype.media.reel.take import prepared
from tintype.media.reel.transitions import SHARE_MAX, draw_between, timeline

W, H = 320, 180
STEPS = [step / 10 for step in range(1, 10)]


def stripes(seed):
    """A picture whose every column differs, so that it is seen where each one went."""
    dice = np.random.default_rng(seed)
    columns = np.repeat(dice.integers(40, 220, (1, W // 8, 3)), 8, axis=1)
    pixels = np.ascontiguousarray(np.repeat(columns, H, axis=0).astype(np.uint8))
    image = pyvips.Image.new_from_memory(pixels.data, W, H, 3, "uchar")
    return image.copy(interpretation="srgb").pngsave_buffer()


def take(seed):
    return prepared(
        source(stripes(seed)), "push_in", (0.5, 0.5), width=W, height=H, seconds=2, seed=1,
        canceled=lambda: False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def both():
    return take(1), take(2)


def planes():
    return planes_of(blank(W, H))


def alone(one, time):
    drawn = planes()
    one.draw(time, drawn)
    return [plane.astype(int) for plane in drawn]


def between(transition, both, done, times=(0.9, 0.1)):
    drawn = planes()
    draw_between(transition, (both[0], times[0]), (both[1], times[1]), done, drawn, planes())
    return [plane.astype(int) for plane in drawn]


@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize(
    ("frames", "scenes", "fps"),
    [(600, 8, 30), (30, 1, 30), (25, 2, 25), (600, 40, 30), (61, 7, 12)],
)
def test_the_scenes_together_last_as_long_as_the_film(transition, frames, scenes, fps):
    spans = timeline(frames, scenes, fps, transition)
    assert (spans[0].first, spans[0].alone, spans[-1].end) == (0, 0, frames)
    for one, other in itertools.pairwise(spans):
        assert (other.first, other.alone) == (one.leaving, one.end)
        assert one.over == other.begin
        assert one.leaving <= one.over <= one.end
        assert (one.end > one.leaving) == (transition != "cut")
    shares = [span.over - span.begin for span in spans]
    assert max(shares) - min(shares) <= 1
    for span in spans:
        assert span.first <= span.begin <= span.alone < span.leaving
        assert span.end - span.leaving <= SHARE_MAX * min(shares)
        assert [span.time(span.first), span.time(span.end - 1)] == [0, 1]


def test_a_transition_takes_most_of_a_second_where_there_is_time():
    (one, _) = timeline(600, 2, 30, "fade")
    assert 15 <= one.end - one.leaving <= 30
    assert [one.left(frame) for frame in range(one.leaving, one.end)] == sorted(
        {one.left(frame) for frame in range(one.leaving, one.end)}
    )
    assert 0 < one.left(one.leaving) < one.left(one.end - 1) < 1


@pytest.mark.parametrize("done", STEPS)
def test_a_fade_is_a_mixture_of_both_everywhere(both, done):
    old, new = alone(both[0], 0.9), alone(both[1], 0.1)
    seen = between("fade", both, done)
    apart = new[0] - old[0]
    way = (seen[0] - old[0])[abs(apart) > 60] / apart[abs(apart) > 60]
    assert way.max() - way.min() < 0.03
    for part, one, other in zip(seen, old, new, strict=True):
        assert abs(part - (one + (other - one) * way.mean())).max() <= 2


def test_a_fade_goes_steadily_from_the_one_to_the_other(both):
    old, new = alone(both[0], 0.9)[0], alone(both[1], 0.1)[0]
    away = [abs(between("fade", both, done)[0] - old).mean() for done in (0.001, *STEPS, 0.999)]
    assert away == sorted(away)
    assert away[0] < 1
    assert abs(between("fade", both, 0.999)[0] - new).mean() < 1


def edge_of(seen, new):
    """The column from which on the frame shows the new picture's first columns."""
    for edge in range(0, W + 1, 2):
        if edge > W - 8:
            return W
        if abs(seen[:, edge:] - new[:, : W - edge])[:, 2:].max(initial=0) <= 3:
            return edge
    raise AssertionError


@pytest.mark.parametrize("transition", ["slide", "push"])
def test_the_new_picture_comes_in_from_the_right(both, transition):
    new = alone(both[1], 0.1)
    edges = []
    for done in STEPS:
        seen = between(transition, both, done)
        edge = edge_of(seen[0], new[0])
        edges.append(edge)
        for part in (1, 2):
            inner = abs(seen[part][:, edge // 2 :] - new[part][:, : (W - edge) // 2])[:, 2:]
            assert inner.max(initial=0) <= 3
    assert edges == sorted(edges, reverse=True)
    assert edges[0] > 0.9 * W
    assert edges[4] == pytest.approx(W / 2, abs=2)
    assert edges[-1] < 0.1 * W


@pytest.mark.parametrize("done", STEPS[:-1])
def test_a_push_moves_the_old_picture_out_as_far(both, done):
    old = alone(both[0], 0.9)[0]
    seen = between("push", both, done)[0]
    edge = edge_of(seen, alone(both[1], 0.1)[0])
    assert abs(seen[:, : edge - 4] - old[:, W - edge :][:, : edge - 4]).max(initial=0) <= 3


@pytest.mark.parametrize("done", STEPS[1:7])
def test_a_slide_throws_a_shadow_on_the_old_picture_and_leaves_it_behind(both, done):
    old = alone(both[0], 0.9)[0]
    seen = between("slide", both, done)[0]
    edge = edge_of(seen, alone(both[1], 0.1)[0])
    lag = next(
        lag
        for lag in range(0, W, 2)
        if abs(seen[:, : edge - 40] - old[:, lag : lag + edge - 40]).max() <= 3
    )
    assert lag <= 0.26 * (W - edge) + 2
    beside = old[:, lag + edge - 4 : lag + edge - 1]
    assert (seen[:, edge - 4 : edge - 1] < beside).all()
    assert seen[:, :edge].min() >= 16


@pytest.mark.parametrize("transition", ["fade", "slide", "push"])
def test_both_pictures_go_on_moving(both, transition):
    here = between(transition, both, 0.5, (0.8, 0.1))[0]
    there = between(transition, both, 0.5, (0.9, 0.2))[0]
    assert abs(here - there)[:, : W // 3].max() > 10
    assert abs(here - there)[:, -W // 3 :].max() > 10


def test_columns_of_a_take_are_those_of_its_frame(both):
    whole = alone(both[0], 0.4)
    for first, count in ((0, 100), (62, 200), (200, 120)):
        part = planes_of(blank(W, H))
        part = (part[0][:, :count], part[1][:, : count // 2], part[2][:, : count // 2])
        both[0].draw_columns(0.4, part, first, W)
        assert abs(part[0].astype(int) - whole[0][:, first : first + count]).max() <= 3
        half = slice(first // 2, (first + count) // 2)
        assert abs(part[1].astype(int) - whole[1][:, half]).max() <= 3

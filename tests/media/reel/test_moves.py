"""Where the camera looks: geometry alone, no pixels."""

import itertools
import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.media.reel.moves import (
    CENTRAL,
    MOVES,
    TRAVEL_MAX,
    Move,
    asked_move,
    chosen_move,
    path_of,
    without_moves,
)
from tintype.media.reel.path import Path, Window, eased

MARGIN = (1 - CENTRAL) / 2
TINY = 1e-6
sides = st.integers(16, 12_000)
shares = st.floats(0, 1)
shapes = st.sampled_from([(16, 9), (9, 16), (1, 1), (4, 5), (21, 9), (4, 1), (1, 4)])
moves = st.sampled_from(sorted(MOVES))
lengths = st.floats(1, 60)
seeds = st.integers(0, 2**63 - 1)
TIMES = [step / 24 for step in range(25)]


@given(moves, sides, sides, shapes, shares, shares, st.booleans(), lengths, seeds)
def test_the_picture_always_covers_the_frame(move, wide, high, frame, x, y, held, seconds, seed):
    path = path_of(move, picture=(wide, high), frame=frame, focal=(x, y), held=held,
                   seconds=seconds, seed=seed)  # fmt: skip
    for window in map(path.at, TIMES):
        near = TINY * max(wide, high)
        assert window.left >= -near
        assert window.top >= -near
        assert window.right <= wide + near
        assert window.bottom <= high + near
        assert window.width / window.height == pytest.approx(frame[0] / frame[1])
        swept = path.swept()
        assert swept.left - near <= window.left
        assert window.right <= swept.right + near
        assert swept.top - near <= window.top
        assert window.bottom <= swept.bottom + near
        assert window.width >= path.closest() - near


@given(moves, sides, sides, shapes, shares, shares, lengths, seeds)
def test_a_given_focal_point_stays_central_or_as_near_as_the_edge_allows(
    move, wide, high, frame, x, y, seconds, seed
):
    path = path_of(move, picture=(wide, high), frame=frame, focal=(x, y), held=True,
                   seconds=seconds, seed=seed)  # fmt: skip
    for window in map(path.at, TIMES):
        for focal, picture, start, size, largest in (
            (x * wide, wide, window.left, window.width, max(w.width for w in path.windows)),
            (y * high, high, window.top, window.height, max(w.height for w in path.windows)),
        ):
            seen = (focal - start) / size
            # A window at the picture's edge shows what lies there at its own edge.
            low = min(MARGIN, focal / largest)
            top = max(1 - MARGIN, 1 - (picture - focal) / largest)
            assert low - 1e-5 <= seen <= top + 1e-5


@given(moves, sides, sides, shapes, shares, shares, st.booleans(), lengths, seeds)
def test_every_move_moves_and_none_races(move, wide, high, frame, x, y, held, seconds, seed):
    path = path_of(move, picture=(wide, high), frame=frame, focal=(x, y), held=held,
                   seconds=seconds, seed=seed)  # fmt: skip
    windows = [path.at(time) for time in TIMES]
    first, last = windows[0], windows[-1]
    way = max(
        abs(last.left - first.left) / first.width,
        abs(last.top - first.top) / first.height,
        abs(last.width - first.width) / first.width,
    )
    assert way >= 0.02
    assert way <= TRAVEL_MAX
    assert max(w.width for w in windows) / min(w.width for w in windows) < 1.8
    for one, other in itertools.pairwise(windows):
        centre = abs(other.left - one.left) / one.width, abs(other.top - one.top) / one.height
        assert max(centre) <= 0.3 * max(1.0, seconds) / 24 + 0.02


@pytest.mark.parametrize(
    ("move", "axis", "sign"),
    [
        ("pan_left", "left", -1),
        ("pan_right", "left", 1),
        ("pan_up", "top", -1),
        ("pan_down", "top", 1),
    ],
)
@pytest.mark.parametrize("picture", [(1600, 900), (900, 4500), (4500, 900)])
def test_pans_go_where_they_say(move, axis, sign, picture):
    path = path_of(
        move, picture=picture, frame=(16, 9), focal=(0.5, 0.5), held=True, seconds=5, seed=1
    )
    first, last = path.at(0), path.at(1)
    assert sign * (getattr(last, axis) - getattr(first, axis)) > 0.05 * first.height
    assert last.width == pytest.approx(first.width)


def test_pushing_in_and_pulling_out_are_each_others_reverse():
    push, pull = (
        path_of(
            move,
            picture=(1600, 1200),
            frame=(16, 9),
            focal=(0.3, 0.7),
            held=True,
            seconds=5,
            seed=1,
        )
        for move in ("push_in", "pull_out")
    )
    assert push.at(0).width > push.at(1).width
    for time in TIMES:
        one, other = push.at(time), pull.at(1 - time)
        assert (one.left, one.top, one.width) == pytest.approx((other.left, other.top, other.width))


def test_zooming_has_a_steady_rate_and_one_fixed_point():
    path = Path((Window(0, 0, 1600, 900), Window(400, 300, 800, 450)))
    widths = [path.at(time).width for time in (0.4, 0.5, 0.6)]
    assert widths[0] / widths[1] == pytest.approx(widths[1] / widths[2])
    fixed = [((400 * 1600 / 800) - w.left) / w.width for w in map(path.at, TIMES)]
    assert max(fixed) - min(fixed) < 1e-9


def test_a_long_picture_is_panned_over_unasked_and_farther_in_more_time():
    for seed in range(8):
        assert chosen_move((500, 2500), (1920, 1080), seed) in {"pan_up", "pan_down"}
        assert chosen_move((2500, 500), (1080, 1080), seed) in {"pan_left", "pan_right"}
    ways = []
    for seconds in (2, 10, 60):
        path = path_of("pan_down", picture=(500, 2500), frame=(16, 9), focal=(0.5, 0.5), held=False,
                       seconds=seconds, seed=1)  # fmt: skip
        ways.append((path.at(1).top - path.at(0).top) / path.at(0).height)
    assert 0.1 < ways[0] < ways[1] < ways[2] <= TRAVEL_MAX


def test_seeds_choose_among_all_moves_that_suit_and_vary_how_far_they_go():
    chosen = {chosen_move((1920, 1080), (16, 9), seed) for seed in range(100)}
    assert chosen == {"push_in", "pull_out", "drift", "orbit", "pan_left", "pan_right"}
    paths = {
        path_of(
            "drift",
            picture=(1920, 1080),
            frame=(16, 9),
            focal=(0.5, 0.5),
            held=True,
            seconds=5,
            seed=seed,
        )
        for seed in range(20)
    }
    assert len(paths) == 20
    assert len({path.at(1).left > path.at(0).left for path in paths}) == 2


def test_easing_starts_and_ends_at_rest_without_a_jump_in_speed_or_acceleration():
    steps = 1000
    places = [eased(step / steps) for step in range(steps + 1)]
    assert (places[0], places[-1]) == (0, pytest.approx(1))
    speeds = [(b - a) * steps for a, b in itertools.pairwise(places)]
    gains = [(b - a) * steps for a, b in itertools.pairwise(speeds)]
    assert min(speeds) >= 0
    assert max(speeds) < 1.45
    assert speeds[0] < 0.001
    assert speeds[-1] < 0.001
    assert max(abs(b - a) for a, b in itertools.pairwise(gains)) < 0.2
    assert max(map(abs, gains)) < 8
    assert eased(0.5) == pytest.approx(0.5)
    assert math.isclose(eased(0.2) + eased(0.8), 1)


@pytest.mark.parametrize(
    ("prompt", "move"),
    [
        ("a fox, slow zoom in", "push_in"),
        ("Zoom out from the tower", "pull_out"),
        ("the camera pans slowly to the left over a bay", "pan_left"),
        ("PAN RIGHT", "pan_right"),
        ("tilt up the cathedral", "pan_up"),
        ("tilting down", "pan_down"),
        ("dolly-in on her face", "push_in"),
        ("pull back", "pull_out"),
        ("camera drifts over a lake", "drift"),
        ("the camera orbits a statue", "orbit"),
        ("pan left, then zoom in", "pan_left"),
        ("a frying pan", None),
        ("drifting clouds, a pan on the left", None),
        ("", None),
    ],
)
def test_the_prompts_words_name_a_move(prompt, move):
    assert asked_move(prompt) == move


def test_what_is_said_of_the_camera_is_not_drawn():
    assert without_moves("a fox, zoom in, at dusk").split() == ["a", "fox,", ",", "at", "dusk"]
    assert set(MOVES) == set(get_args(Move))

"""The beta distribution against its closed forms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.agent.beta import Part, below, mean, quantile, share_below

parameters = st.floats(0.05, 400)
values = st.floats(0.001, 0.999)


@given(parameters, values)
def test_with_one_parameter_of_1_it_is_a_power(a: float, x: float) -> None:
    assert share_below((a, 1), x) == pytest.approx(x**a, abs=1e-10)
    assert share_below((1, a), x) == pytest.approx(1 - (1 - x) ** a, abs=1e-10)


@given(parameters, parameters, values)
def test_it_is_symmetric_and_within_its_bounds(a: float, b: float, x: float) -> None:
    found = share_below((a, b), x)
    assert -1e-12 <= found <= 1 + 1e-12
    assert found + share_below((b, a), 1 - x) == pytest.approx(1, abs=1e-9)


@given(st.integers(1, 60), st.integers(1, 60), values)
def test_of_whole_numbers_it_is_a_sum_of_binomials(a: int, b: int, x: float) -> None:
    n = a + b - 1
    terms = [math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1)]
    assert share_below((a, b), x) == pytest.approx(math.fsum(terms), abs=1e-10)


def test_at_its_ends_it_is_0_and_1() -> None:
    assert (share_below((2, 3), 0.0), share_below((2, 3), 1.0)) == (0.0, 1.0)


@given(parameters, parameters, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_quantile_of_a_mixture_has_its_share_below_it(
    a: float, b: float, weight: float, share: float
) -> None:
    mixture = (Part(weight, (a, b)), Part(1 - weight, (b, a + 1)))
    at = quantile(mixture, share)
    assert below(mixture, at - 1e-6) <= share + 1e-9
    assert below(mixture, at + 1e-6) >= share - 1e-9


def test_the_mean_is_that_of_its_parts() -> None:
    assert mean((Part(0.25, (1, 3)), Part(0.75, (1, 1)))) == pytest.approx(0.4375)

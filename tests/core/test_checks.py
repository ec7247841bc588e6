"""Plain values: what is cast, and what is refused in which words."""

import math
from decimal import Decimal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from noise_rectification.nodes.core.checks import (
    LONGEST_QUOTE,
    ROUNDING,
    as_list,
    as_number,
    as_whole,
    check_choice,
    check_number,
    check_whole,
    quote,
)

NO_NUMBERS = ["1", b"1", True, np.bool_(True), torch.tensor(True), None, [1], torch.ones(2), np.ones(2), 1j, object()]


@pytest.mark.parametrize("wrapped", [1.5, np.float32(1.5), np.array(1.5), np.array([1.5]), torch.tensor(1.5),
                                     torch.tensor([1.5]), torch.tensor(1.5, dtype=torch.bfloat16),
                                     Decimal("1.5")])  # fmt: skip
def test_a_number_is_read_however_it_is_wrapped(wrapped):
    assert as_number(wrapped) == check_number("cfg", wrapped, 0, 2) == 1.5
    assert as_whole(wrapped) is None


@pytest.mark.parametrize("wrapped", [4, 4.0, np.int64(4), np.float32(4), torch.tensor(4), torch.tensor([4.0])])
def test_a_whole_number_is_read_however_it_is_wrapped(wrapped):
    whole = check_whole("steps", wrapped, 1, 9)
    assert whole == as_whole(wrapped) == 4 and type(whole) is int


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_refused(value):
    assert as_number(value) is None and as_whole(value) is None
    with pytest.raises(ValueError, match=r"^cfg: got .*\. Give a number from 0 to 1\.5\.$"):
        check_number("cfg", value, 0, 1.5)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_what_is_not_finite_is_in_no_range(value):
    with pytest.raises(ValueError, match="^cfg: got "):
        check_number("cfg", value, -1e308, 1e308)
    with pytest.raises(ValueError, match="^steps: got "):
        check_whole("steps", value, 0, 2**64)


@pytest.mark.parametrize(("past", "limit"), [(-ROUNDING, 0.0), (-ROUNDING / 2, 0.0), (1 + ROUNDING, 1.0)])
def test_rounding_past_a_limit_is_the_limit(past, limit):
    number = check_number("omega", past, 0, 1)
    assert number == limit and type(number) is float


@pytest.mark.parametrize("past", [-3 * ROUNDING, 1 + 3 * ROUNDING, 1.0001])
def test_what_is_further_past_a_limit_is_refused_as_it_was_given(past):
    with pytest.raises(ValueError, match=f"^omega: got {past!r}"):
        check_number("omega", past, 0, 1)


@given(st.floats(0, 1))
def test_what_is_in_range_stays_to_the_bit(value):
    assert check_number("omega", value, 0, 1) == value


@given(st.integers(0, 2**64 - 1))
def test_a_seed_stays_exact(seed):
    assert check_whole("seed", seed, 0, 2**64 - 1) == check_whole("seed", np.uint64(seed), 0, 2**64 - 1) == seed


def test_whole_numbers_without_limits_are_any():
    assert check_whole("pivot_frame", -3) == -3


@pytest.mark.parametrize(
    ("limits", "outside", "allowed"),
    [((0, 9), [-1, 10], "a whole number from 0 to 9."), ((1, None), [0, -5], "a whole number from 1 up."),
     ((None, None), [0.5], "a whole number.")],
)  # fmt: skip
def test_limits_of_whole_numbers_are_told(limits, outside, allowed):
    for value in outside:
        with pytest.raises(ValueError) as error:
            check_whole("steps", value, *limits)
        assert str(error.value) == f"steps: got {value}. Give {allowed}"
    assert [check_whole("steps", limit, *limits) for limit in limits if limit is not None] == [
        limit for limit in limits if limit is not None
    ]


def test_a_choice_is_one_of_those_offered():
    assert check_choice("anchor", "image", iter(["noise", "image"])) == "image"
    for value in ("Image", None, 1, ["image"], np.array(["image", "noise"])):
        with pytest.raises(ValueError, match="^anchor: .* is not a choice. Use one of: noise, image.$"):
            check_choice("anchor", value, ["noise", "image"])


def test_anything_with_items_is_a_list():
    assert as_list((1, 2)) == as_list(np.array([1, 2])) == as_list(x for x in (1, 2)) == [1, 2]
    assert as_list(1) is as_list(None) is as_list(torch.tensor(1)) is as_list(np.array(1)) is None


def test_quotes_are_short():
    assert quote("x" * (LONGEST_QUOTE - 2)) == "'" + "x" * (LONGEST_QUOTE - 2) + "'"
    assert quote("x" * LONGEST_QUOTE) == "'" + "x" * (LONGEST_QUOTE - 4) + "..."
    assert "\n" not in quote({"samples": torch.rand(2, 3, 4)})
    assert quote(torch.rand(2, 3)) == quote(np.ones((2, 3))) == "a tensor of shape [2, 3]"
    assert quote(torch.rand(3)) == "a tensor of shape [3]" and quote(torch.tensor(2)) == "tensor(2)"

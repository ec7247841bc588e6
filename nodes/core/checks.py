"""Plain values as they come in: cast where the meaning is plain, else refused in words that name the input.

Plain: 4.0 as a whole number, a scalar of numpy or torch, and what rounding put past a limit. Not plain: text and truth
values as numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

ROUNDING = 1e-6  # past a limit by no more than this, the limit is meant: a few roundings of float32
LONGEST_QUOTE = 80


def check_number(name: str, value: object, low: float, high: float) -> float:
    """`value` as a float from `low` to `high`. Raises ValueError naming the input."""
    number = as_number(value)
    if number is None or not low - ROUNDING <= number <= high + ROUNDING:  # NaN is in no range
        raise ValueError(f"{name}: got {quote(value)}. Give a number from {low:g} to {high:g}.")
    return float(min(max(number, low), high))


def check_numbers(name: str, value: object, low: float, high: float) -> list[float]:
    """One number, or a list of them, each from `low` to `high`. Raises ValueError naming the input."""
    values = [value] if as_number(value) is not None else None if isinstance(value, (str, bytes)) else as_list(value)
    if not values:
        got = "an empty list" if values is not None else quote(value)
        raise ValueError(f"{name}: got {got}. Give a number from {low:g} to {high:g}, or a list of them.")
    return [check_number(f"{name}, item {i}", item, low, high) for i, item in enumerate(values)]


def check_whole(name: str, value: object, low: int | None = None, high: int | None = None) -> int:
    """`value` as an int, from `low` to `high` where given. Raises ValueError naming the input."""
    whole = as_whole(value)
    if whole is None or (low is not None and whole < low) or (high is not None and whole > high):
        limits = {(True, False): f" from {low} up", (True, True): f" from {low} to {high}"}
        allowed = limits.get((low is not None, high is not None), "")
        raise ValueError(f"{name}: got {quote(value)}. Give a whole number{allowed}.")
    return whole


def check_choice(name: str, value: object, allowed: Iterable[str]) -> str:
    """`value` as one of `allowed`. Raises ValueError naming the input."""
    allowed = tuple(allowed)
    if not (isinstance(value, str) and value in allowed):
        raise ValueError(f"{name}: {quote(value)} is not a choice. Use one of: {', '.join(allowed)}.")
    return value


def as_number(value: object) -> float | None:
    """A plain number, or the one number in a scalar of numpy or torch, as a float; None for anything else."""
    try:
        plain = value.item() if hasattr(value, "item") else value
        return None if isinstance(plain, (str, bytes, bool)) else float(plain)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def as_whole(value: object) -> int | None:
    """A number without a fraction as an int, exact at any size; None for anything else."""
    plain = value.item() if hasattr(value, "item") and as_number(value) is not None else value
    if isinstance(plain, int) and not isinstance(plain, bool):
        return plain
    number = as_number(plain)
    return int(number) if number is not None and math.isfinite(number) and number == int(number) else None


def as_wholes(value: object) -> list[int] | None:
    """Whole numbers: text as in "0, 8, -1", one of them, or a list of them; none of nothing. None for anything else."""
    items: list | None = []
    if isinstance(value, str):
        words = re.split(r"[\s,;]+", value)
        items = [int(word) if re.fullmatch(r"[+-]?\d{1,9}", word) else None for word in words if word]
    elif value is not None:
        items = as_list(value)
    wholes = [as_whole(item) for item in ([value] if items is None else items)]
    return None if None in wholes else [whole for whole in wholes if whole is not None]


def as_list(value: object) -> list | None:
    """The items of anything that has items; None for anything else, a scalar of numpy or torch included."""
    try:
        return list(value)  # type: ignore[call-overload]
    except TypeError:
        return None


def quote(value: object) -> str:
    """A value as an error shows it: short, on one line, text in quotation marks, tensors by their shape."""
    shape = getattr(value, "shape", ())
    text = f"a tensor of shape {list(shape)}" if len(shape) > 0 else repr(value).replace("\n", " ")
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + "..."

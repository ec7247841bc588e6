"""The golden files that Python's curves and schedules, and the editor's, are held to."""

import json

import pytest
from shipped.make_golden import CURVE_GOLDEN, SCHEDULE_GOLDEN, curve_entries, schedule_entries


@pytest.mark.parametrize(
    ("written", "made"), list(zip(json.loads(CURVE_GOLDEN.read_text()), curve_entries(), strict=True))
)
def test_the_golden_curves_are_what_python_samples(written, made):
    assert written["curve"] == made["curve"]
    assert written["values"].keys() == made["values"].keys()
    for frames, values in made["values"].items():
        assert written["values"][frames] == pytest.approx(values, abs=1e-6)


@pytest.mark.parametrize(
    ("written", "made"), list(zip(json.loads(SCHEDULE_GOLDEN.read_text()), schedule_entries(), strict=True))
)
def test_the_golden_schedules_are_what_python_computes(written, made):
    for name in ("inputs", "steps", "frames", "pivots"):
        assert written[name] == made[name]
    for name in ("strengths", "holds"):
        assert written[name] == pytest.approx(made[name], abs=1e-6)

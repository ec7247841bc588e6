"""The golden file that holds nodes/core/curve.py and js/curve_editor/curve.js to the same numbers.

`python tests/core/test_curve_golden.py`, with tests/support on PYTHONPATH, writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[1] / "curve_golden.json"
CURVES = 200
LENGTHS = (1, 2, 3, 5, 9, 16, 21, 33, 49)


def random_curve(generator: np.random.Generator) -> dict:
    """One to eight points, some at the same x (a step), some level, some in a corner."""
    count = generator.integers(1, 9)
    x = np.sort(generator.random(count).round(3))
    y = generator.random(count).round(3)
    for values, chance in ((x, 0.2), (y, 0.2)):
        repeat = np.flatnonzero(generator.random(count - 1) < chance)
        values[repeat + 1] = values[repeat]
    if generator.random() < 0.5:
        x[0], x[-1] = 0, 1
    if generator.random() < 0.3:
        y = y.round()
    interpolation = str(generator.choice(["linear", "monotone_cubic"]))
    return {"points": np.stack([np.sort(x), y], axis=1).tolist(), "interpolation": interpolation}


def make() -> list[dict]:
    from nr_core.schedule import Curve, Schedule

    generator = np.random.default_rng(3)
    entries = []
    for _ in range(CURVES):
        curve = random_curve(generator)
        schedule = Schedule(Curve.parse(curve))
        lengths = sorted(int(n) for n in generator.choice(LENGTHS, 3, replace=False))
        values = {str(n): [round(float(v), 8) for v in schedule.omegas(n)] for n in lengths}
        entries.append({"curve": curve, "values": values})
    return entries


@pytest.fixture(scope="module")
def golden() -> list[dict]:
    return json.loads(GOLDEN.read_text())


def test_it_is_the_one_that_this_file_makes(golden):
    """Its curves, drawn anew from the seed; the values are compared below."""
    generator = np.random.default_rng(3)
    assert len(golden) == CURVES
    assert all(len(entry["values"]) == 3 for entry in golden)
    assert golden[0]["curve"] == random_curve(generator)


def test_python_samples_the_golden_values(golden):
    from nr_core.schedule import Curve, Schedule

    for entry in golden:
        schedule = Schedule(Curve.parse(entry["curve"]))
        for frames, values in entry["values"].items():
            np.testing.assert_allclose(schedule.omegas(int(frames)), values, atol=1e-6, rtol=0, err_msg=str(entry))


if __name__ == "__main__":
    from pack import load_core

    load_core()
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in make())
    GOLDEN.write_text(f"[\n{lines}\n]\n")

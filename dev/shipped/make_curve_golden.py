"""Writes tests/curve_golden.json, which holds nodes/core/curve.py and js/curve_editor/curve.js to the same numbers.

python dev/shipped/make_curve_golden.py
"""

from __future__ import annotations

import json

import numpy as np
from noise_rectification.nodes.core.curve import Curve
from noise_rectification.nodes.core.schedule import Schedule
from private_host.setup import ROOT

GOLDEN = ROOT / "tests" / "curve_golden.json"
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


def golden_entries() -> list[dict]:
    """Curves of one seed, each with its values at three lengths of clip."""
    generator = np.random.default_rng(3)
    entries = []
    for _ in range(CURVES):
        curve = random_curve(generator)
        schedule = Schedule(Curve.parse(curve))
        lengths = sorted(int(n) for n in generator.choice(LENGTHS, 3, replace=False))
        values = {str(n): [round(float(v), 8) for v in schedule.omegas(n)] for n in lengths}
        entries.append({"curve": curve, "values": values})
    return entries


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in golden_entries())
    GOLDEN.write_text(f"[\n{lines}\n]\n")

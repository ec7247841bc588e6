"""Writes the golden files, which hold what Python and the editor both compute to the same numbers.

tests/curve_golden.json is for curve.py and curve.js; tests/schedule_golden.json for schedule.py and schedule.js: λ of
each step, pivots as text, how firmly each frame is held.

    .host/venv/bin/python dev/shipped/make_golden.py
"""

from __future__ import annotations

import json

import numpy as np
from noise_rectification.nodes.core.curve import Curve
from noise_rectification.nodes.core.schedule import Schedule
from private_host.setup import ROOT

CURVE_GOLDEN, SCHEDULE_GOLDEN = ROOT / "tests" / "curve_golden.json", ROOT / "tests" / "schedule_golden.json"
CURVES = SCHEDULES = 200
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


def curve_entries() -> list[dict]:
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


def random_schedule(generator: np.random.Generator, frames: int) -> dict:
    """τ with edges on steps, between them and at the ends; soft or hard; pivots as an artist types them."""
    tau_start, tau_end = np.sort(generator.random(2).round(int(generator.integers(1, 4)))).tolist()
    pivots = generator.integers(-frames, frames, generator.integers(0, 4))
    commas = str(generator.choice([", ", ",", " ", "; "]))
    return {
        "tau_start": tau_start * bool(generator.integers(2)),
        "tau_end": 1.0 if generator.random() < 0.2 else tau_end,
        "strength": round(float(generator.random()), 3),
        "tau_ramp": round(float(generator.random()), 2) * bool(generator.integers(2)),
        "pivot_frame": int(generator.integers(-frames, frames)),
        "pivot_frames": commas.join(f"{pivot:+d}" if generator.random() < 0.1 else str(pivot) for pivot in pivots),
    }


def schedule_entries() -> list[dict]:
    """Schedules of one seed over so many steps and frames: λ of each step, the pivots, and how each frame is held."""
    generator = np.random.default_rng(5)
    entries = []
    for _ in range(SCHEDULES):
        steps, frames = int(generator.integers(1, 31)), int(generator.integers(1, 22))
        inputs = random_schedule(generator, frames)
        schedule = Schedule(**inputs)
        entries.append({
            "inputs": inputs,
            "steps": steps,
            "frames": frames,
            "strengths": [round(schedule.strength_at(step, steps), 8) for step in range(steps)],
            "pivots": list(schedule.pivots(frames)),
            "holds": [round(float(hold), 8) for hold in schedule.frame_holds(frames)],
        })  # fmt: skip
    return entries


if __name__ == "__main__":
    for file, entries in ((CURVE_GOLDEN, curve_entries()), (SCHEDULE_GOLDEN, schedule_entries())):
        lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        file.write_text(f"[\n{lines}\n]\n")

"""The golden file that Python's curves and the editor's are held to."""

import json

import pytest
from shipped.make_curve_golden import GOLDEN, golden_entries


@pytest.mark.parametrize(("written", "made"), list(zip(json.loads(GOLDEN.read_text()), golden_entries(), strict=True)))
def test_the_golden_file_is_what_python_samples(written, made):
    assert written["curve"] == made["curve"]
    assert written["values"].keys() == made["values"].keys()
    for frames, values in made["values"].items():
        assert written["values"][frames] == pytest.approx(values, abs=1e-6)

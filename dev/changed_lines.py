"""Tells in one line how many of the core's lines that changed since main its tests run. It fails nothing.

.host/venv/bin/python dev/changed_lines.py output/coverage.json     as slipcover writes it; `make test` does both
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def git(*arguments: str) -> str:
    """What git answers; nothing where it cannot."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout


def changed(diff: str) -> set[tuple[str, int]]:
    """(file, line) of what a diff without context adds."""
    lines, name = set(), ""
    for line in diff.splitlines():
        if line.startswith("+++ b/"):
            name = line.removeprefix("+++ b/")
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            lines |= {(name, first + i) for i in range(count)}
    return lines


def told(lines: set[tuple[str, int]], files: dict[str, dict]) -> str:
    """files: by name, the numbers of their executed and missing lines."""
    run = {(name, line) for name, file in files.items() for line in file["executed_lines"]} & lines
    missed = {(name, line) for name, file in files.items() for line in file["missing_lines"]} & lines
    if not run | missed:
        return "no line of code"
    where = ", ".join(f"{name}:{line}" for name, line in sorted(missed)[:10])
    return f"{len(run)} of {len(run | missed)} run" + (f"; not run: {where}" if missed else "")


def main() -> None:
    base = (git("merge-base", "HEAD", "origin/main") or git("merge-base", "HEAD", "main")).strip()
    report = Path(sys.argv[1])
    if not base or not report.exists():
        print(f"Changed lines of the core: not told, there is no {'coverage' if base else 'main to compare with'}.")
        return
    lines = changed(git("diff", "--unified=0", base, "--", "nodes/core"))
    print(f"Changed lines of the core since {base[:7]}: {told(lines, json.loads(report.read_text())['files'])}")


if __name__ == "__main__":
    main()

"""What a finding must say and how it is run. That it holds is shown by running it by hand: it installs packages."""

import os
import re
from pathlib import Path

import pytest

FINDINGS = sorted((Path(__file__).parents[2] / "findings").iterdir())
VERSION = re.compile(r"\d+\.\d+\.\d+")


def head_and_body(script: Path) -> tuple[str, str]:
    """The comment below the first line, and what follows it."""
    first, *lines = script.read_text().splitlines()
    assert first == "#!/bin/sh"
    length = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join(lines[:length]), "\n".join(lines[length:])


def test_there_are_findings():
    assert FINDINGS


@pytest.mark.parametrize("script", FINDINGS, ids=lambda p: p.name)
def test_a_finding_is_a_script_that_can_be_run(script):
    assert script.suffix == ".sh"
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize("script", FINDINGS, ids=lambda p: p.name)
def test_a_finding_says_the_versions_that_it_installs_and_what_was_seen(script):
    head, body = head_and_body(script)
    versions = VERSION.findall(head.splitlines()[0])
    installed = re.findall(r"==(\S+)", body)
    assert versions
    assert set(versions) & set(installed)
    assert re.search(r"^# Seen\b.*:\n#   \S", head, re.MULTILINE)


@pytest.mark.parametrize("script", FINDINGS, ids=lambda p: p.name)
def test_a_finding_pins_what_it_installs_in_a_temporary_folder(script):
    _, body = head_and_body(script)
    installs = re.findall(r"(?:pip\"?|-m pip) (?:install|download)((?:[^\n]*\\\n)*[^\n]*)", body)
    assert installs
    for words in installs:
        packages = [word for word in words.split() if re.match(r"[a-z]", word)]
        assert packages
        assert all("==" in package for package in packages)
    assert "trap 'rm -rf \"$folder\"' EXIT" in body


@pytest.mark.parametrize("script", FINDINGS, ids=lambda p: p.name)
def test_a_finding_runs_without_the_pack_and_names_no_machine(script):
    text = script.read_text()
    assert not re.search(r"noise_rectification|\bNR[A-Z]|https?://|--index-url|(?<![\w.}])/(home|work|opt|tmp)\b", text)

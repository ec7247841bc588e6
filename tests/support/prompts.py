"""Prompts posted to a running ComfyUI, as a browser or a script posts them."""

from __future__ import annotations

import time

from private_host.server import get, post

PATIENCE = 240  # seconds


def finish(address: str, prompt_id: str) -> tuple[dict, dict]:
    """Wait for a prompt's end; (status, outputs)."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if done := get(f"{address}/history/{prompt_id}").get(prompt_id):
            return done["status"], done["outputs"]
        time.sleep(0.05)
    raise TimeoutError(f"the prompt did not end; queue: {get(f'{address}/queue')}")


def run(address: str, graph: dict) -> tuple[dict, dict]:
    """Post a graph and wait for its end; (status, outputs)."""
    answer = post(address, "/prompt", {"prompt": graph})
    assert "prompt_id" in answer and not answer["node_errors"], answer
    return finish(address, answer["prompt_id"])


def error_of(status: dict) -> dict:
    return next(content for kind, content in status["messages"] if kind == "execution_error")

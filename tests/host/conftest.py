"""The real host, once for all tests here, and what many of them ask of it."""

import pytest
import torch
from private_host.pack import start_host

start_host()  # before anything of the host is imported


@pytest.fixture(autouse=True)
def inference_mode():
    """As the host runs every node."""
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def eps_model():
    from stand_ins.models import sd15

    return sd15()


@pytest.fixture(scope="module")
def model(eps_model):
    """Where a test does not ask for a kind; some files put both kinds in its place."""
    return eps_model


@pytest.fixture(scope="module")
def flow_model():
    from stand_ins.models import wan

    return wan()

"""The benchmarks' rows are of hosts that sample as they should."""

import comfy.sample
import pytest
import torch
from benchmarks.evidence import SAMPLERS, joined, methods, named, repeats_initial_noise
from benchmarks.harness import kept, version_of_host
from comfy.k_diffusion.sampling import default_noise_sampler

KNOWN = kept("evidence")


def host_repeats() -> bool:
    noise = comfy.sample.prepare_noise(torch.zeros(1, 4, 8, 8), 3)
    return torch.equal(default_noise_sampler(noise, seed=3)(1.0, 0.5), noise)


@pytest.mark.parametrize("sampler", ["euler_ancestral", "lcm", "ddpm", "er_sde", "seeds_2"])
def test_a_sampler_repeats_the_initial_noise_where_the_draws_of_the_host_do(sampler):
    assert repeats_initial_noise(sampler) == host_repeats()


@pytest.mark.parametrize("sampler", ["euler", "uni_pc", "dpmpp_2m", "dpmpp_2m_sde"])
def test_samplers_without_such_draws_are_measured_on_every_host(sampler):
    assert not repeats_initial_noise(sampler)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_no_row_is_of_a_host_that_repeats_the_initial_noise(sampler):
    """ComfyUI 0.3.75 on the CPU: euler_ancestral and lcm injected the run's own noise again."""
    here = [name for name in named([sampler]) if KNOWN[name]["ComfyUI"] == version_of_host()]
    assert not here or not repeats_initial_noise(sampler)


def test_every_row_says_where_it_was_measured():
    assert set(KNOWN) == {"true clip", "frozen picture", *methods()}
    assert all(row["ComfyUI"].count(".") == 2 and row["clips"] >= 16 and row["seeds"] for row in KNOWN.values())


def test_a_run_of_some_rows_leaves_the_others_as_they_are():
    fresh = {name: KNOWN[name] | {"ComfyUI": "a new one"} for name in named(["lcm"])}
    both = joined(KNOWN, fresh)
    assert list(both) == list(KNOWN)
    assert [name for name in both if both[name] != KNOWN[name]] == named(["lcm"])
    assert len(fresh) == 3

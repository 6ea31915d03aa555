"""Plans of presets and layouts: what fits, what does not, and what a run cannot do yet."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from rl_backend import cli_plan
from rl_backend.config import load_preset, preset_names
from rl_backend.estimate.fit import fitting, smallest
from rl_backend.estimate.missing import missing
from rl_backend.estimate.plan import decoder_of, plan


@pytest.fixture
def app() -> typer.Typer:
    application = typer.Typer()
    cli_plan.register(application)
    application.command("other")(lambda: None)
    return application


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_fits_what_it_is_meant_for(name: str) -> None:
    found = plan(load_preset(name))
    assert found.problems == ()
    assert found.fits
    assert (found.step is None) == (found.device_bytes is None)


def test_the_papers_preset_says_that_it_cannot_run() -> None:
    config = load_preset("paper-glm-4.6")
    (lack,) = missing(config, decoder_of(config))
    assert lack.startswith("servers of its own over several machines, for 32 GPUs each")
    assert "never run" in config.description


def test_servers_over_several_machines_may_be_somebody_elses() -> None:
    urls = [f"http://engine-{number}:30000" for number in range(4)]
    config = load_preset("paper-glm-4.6", [f"engine.urls={urls}"])
    assert missing(config, decoder_of(config)) == ()
    assert plan(config).num_engines == 4


@pytest.mark.parametrize("name", ["tiny", "smoke", "cpu-demo", "gpu", "8xH100-30B"])
def test_other_presets_ask_for_nothing_that_is_missing(name: str) -> None:
    config = load_preset(name)
    assert missing(config, decoder_of(config)) == ()


@pytest.mark.parametrize(
    "change",
    [
        "trainer.optimizer_on_cpu=false",  # Adam's state takes 46 GB of each device
        "engine.mem_fraction=0.6",
        "trainer.max_tokens_per_microbatch=65536",
    ],
)
def test_the_30b_preset_is_as_full_as_its_comments_say(change: str) -> None:
    assert not plan(load_preset("8xH100-30B", [change])).fits


def test_without_a_gpu_adam_is_on_the_host_anyway() -> None:
    config = load_preset("8xH100-30B", ["plan.gpu=none"])
    assert plan(config).trainer.host == 0
    assert not plan(config).layout.is_optimizer_on_cpu
    assert plan(config).trainer.optimizer > 40e9


def test_an_engine_must_hold_the_longest_row() -> None:
    found = plan(load_preset("8xH100-30B", ["engine.max_total_tokens=4096"]))
    assert found.used_bytes < 80e9
    assert not found.fits


def test_devices_must_come_out_even() -> None:
    found = plan(load_preset("8xH100-30B", ["plan.num_gpus=6"]))
    assert "6 GPUs for 8 ranks of the trainer" in found.problems
    assert "6 GPUs for 2 engines of 4" in found.problems


def test_engines_are_those_that_a_run_starts() -> None:
    found = plan(load_preset("gpu", ["trainer.data_parallel=4"]))
    assert found.num_engines == 1
    more = plan(load_preset("gpu", ["trainer.data_parallel=4", "engine.num_servers=4"]))
    assert more.num_engines == 4
    assert found.step is not None
    assert more.step is not None
    assert more.step.rollout < found.step.rollout


def test_engines_of_their_own_leave_the_trainer_its_memory() -> None:
    shared = plan(load_preset("8xH100-30B"))
    apart = plan(load_preset("8xH100-30B", ["plan.num_engine_gpus=8"]))
    assert apart.num_gpus == 16
    assert apart.used_bytes < shared.used_bytes


def test_a_layout_is_found_and_the_smallest_is_small() -> None:
    config = load_preset("8xH100-30B", ["model.path=Qwen3-8B", "plan.num_gpus=8"])
    decoder = decoder_of(config)
    best = fitting(config, decoder)
    assert best is not None
    assert plan(best, decoder).fits
    assert not best.trainer.optimizer_on_cpu
    large = load_preset("8xH100-30B", ["model.path=GLM-4.6", "plan.gpu=b200"])
    assert fitting(large, decoder_of(large)) is None
    roomy = smallest(large, decoder_of(large))
    assert roomy is not None
    assert roomy.plan.num_gpus == 32
    assert smallest(large, decoder_of(large), most=16) is None


def test_the_command_prints_a_table(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["plan", "--preset", "paper-glm-4.6"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "352.80 B parameters, 33.63 B for one token" in result.stdout
    assert "128 x H100 80 GB" in result.stdout
    assert "cannot do yet: servers of its own over several machines" in result.stdout


def test_the_command_prints_json(app: typer.Typer) -> None:
    args = ["plan", "--model", "Qwen3-32B", "--gpus", "16", "--gpu", "h200", "--json"]
    found = json.loads(CliRunner().invoke(app, args).stdout)
    assert found["fits"]
    assert found["num_parameters"] == 32_762_123_264
    assert found["layout"]["expert_parallel"] == 1
    assert not any("expert" in what for what in found["missing"])


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--model", "GLM-4.6", "--gpus", "8", "--gpu", "h100"], "no layout of GLM-4.6 fits"),
        (["--model", "nothing"], "models known by name"),
        (["--gpu", "abacus"], "a100, b200, h100, h200"),
        (["--preset", "tiny", "--gpus", "8"], "say of which kind"),
        (["--preset", "huge"], "no preset"),
    ],
)
def test_the_command_says_what_is_wrong(app: typer.Typer, args: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["plan", *args])
    assert result.exit_code == 1
    assert told in result.stderr


def test_the_command_fails_where_it_does_not_fit(app: typer.Typer) -> None:
    args = ["plan", "--set", "trainer.optimizer_on_cpu=false"]
    result = CliRunner().invoke(app, args, env={"COLUMNS": "200"})
    assert result.exit_code == 1
    assert "does not fit" in result.stdout

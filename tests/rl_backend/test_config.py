"""Presets load, overrides apply, and wrong values are all named at once."""

import re
from pathlib import Path

import pytest

from rl_backend.config import ConfigError, RunConfig, load_preset, parse_config, preset_names
from rl_backend.updating import objective

SETTING = re.compile(r"`(\S+) = ([^`]+)`")
NUM_OBJECTIVES = 12
TRAINING = Path(__file__).parents[2] / "docs/training.md"


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_and_says_what_it_is_for(name: str) -> None:
    config = load_preset(name)
    assert config.preset == name
    assert len(config.description) > 20
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


def test_overrides_reach_nested_settings() -> None:
    config = load_preset(
        "tiny",
        ["rollout.group_size=4", "model.path=/models/a b", "evaluation.every_num_steps=none"],
    )
    assert config.rollout.group_size == 4
    assert config.model.path == "/models/a b"
    assert config.evaluation.every_num_steps is None


def test_none_is_a_text_where_a_setting_knows_it() -> None:
    config = load_preset("tiny", ["advantage.norm=none", "trainer.recompute=none"])
    assert config.advantage.norm == "none"
    assert config.trainer.recompute == "none"
    assert parse_config('[model]\npath = "none"\n').model.path is None
    with pytest.raises(ConfigError, match=r"trainer\.dtype"):
        load_preset("tiny", ["trainer.dtype=none"])


def test_every_documented_objective_can_be_set() -> None:
    table = TRAINING.read_text().split("## The objective")[1].split("\n## ")[0]
    rows = [found for row in table.splitlines() if (found := SETTING.findall(row))]
    assert len(rows) == NUM_OBJECTIVES
    for row in rows:
        settings = [f"{name if _is_whole(name) else f'objective.{name}'}={v}" for name, v in row]
        objective(load_preset("tiny", ["objective.adaptive_clip.target=0.3", *settings]))


def _is_whole(name: str) -> bool:
    return name.startswith("advantage.")


def test_all_problems_are_reported_with_their_paths() -> None:
    text = "num_steps = -1\ngroups = 3\n[rollout]\ngroup_size = 1\n[model]\nnum_heads = 7\n"
    with pytest.raises(ConfigError) as caught:
        parse_config(text, ["no-equals-sign", "rollout.top_p=3"])
    paths = {problem.split(":")[0] for problem in caught.value.problems}
    assert paths == {
        "override 'no-equals-sign'",
        "num_steps",
        "groups",
        "rollout.group_size",
        "rollout.top_p",
        "model",
    }


def test_adam_on_the_host_wants_bfloat16() -> None:
    with pytest.raises(ConfigError, match="bfloat16"):
        load_preset("tiny", ["trainer.optimizer_on_cpu=true"])
    config = load_preset("tiny", ["trainer.optimizer_on_cpu=true", "trainer.dtype=bfloat16"])
    assert config.trainer.optimizer_on_cpu


def test_settings_of_earlier_runs_are_read_where_they_changed_nothing() -> None:
    earlier = "[plan]\noptimizer_on_cpu = false\nengine_tensor_parallel = 1\n"
    assert parse_config(earlier) == RunConfig()
    with pytest.raises(ConfigError, match=r"plan\.optimizer_on_cpu: no such setting"):
        parse_config("[plan]\noptimizer_on_cpu = true\n")


def test_a_group_must_be_able_to_reach_its_minimum() -> None:
    with pytest.raises(ConfigError, match="must not exceed group_size"):
        parse_config("[rollout]\ngroup_size = 4\nmin_group_size = 5\n")


def test_an_adaptive_clip_begins_within_its_limits() -> None:
    adaptive = 'adaptive_clip = {signal = "entropy", target = 0.3'
    gspo = f'[objective]\nratio_level = "sequence"\nclip_high = 4e-4\n{adaptive}'
    with pytest.raises(ConfigError, match=r"clip_high \(0\.0004\) must lie between .* \(0\.1\)"):
        parse_config(f"{gspo}}}\n")
    assert parse_config(f"{gspo}, lowest = 1e-4, highest = 1e-3}}\n").objective.clip_high == 4e-4
    assert parse_config("[objective]\nclip_high = 4e-4\n").objective.clip_high == 4e-4


def test_a_clip_fraction_wants_an_update_that_clips() -> None:
    steered = '[objective]\nadaptive_clip = {signal = "clip_fraction", target = 0.02}\n'
    with pytest.raises(ConfigError, match=r"needs trainer\.num_minibatches 2 or more"):
        parse_config(steered)
    assert parse_config(f"{steered}[trainer]\nnum_minibatches = 2\n").trainer.num_minibatches == 2


def test_a_dual_clip_and_cispo_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match="dual_clip has no part in the surrogate cispo"):
        parse_config('[objective]\nsurrogate = "cispo"\ndual_clip = 3.0\n')


def test_servers_are_named_once_and_in_one_place() -> None:
    several = parse_config('[engine]\nurls = ["http://a", "http://b"]\n')
    assert several.engine.addresses == ("http://a", "http://b")
    assert parse_config('[engine]\nurl = "http://a"\n').engine.addresses == ("http://a",)
    with pytest.raises(ConfigError, match="not both"):
        parse_config('[engine]\nurl = "http://a"\nurls = ["http://b"]\n')
    with pytest.raises(ConfigError, match="name each server once"):
        parse_config('[engine]\nurls = ["http://b", "http://b"]\n')


def test_a_server_of_somebody_elses_is_made_deterministic_by_them() -> None:
    with pytest.raises(ConfigError, match="start yours with --enable-deterministic-inference"):
        load_preset("tiny", ["engine.deterministic=true", "engine.url=http://gpu:30000"])


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="there are: 8xH100-30B, cpu-demo, gpu, paper-glm-4"):
        load_preset("huge")


def test_broken_toml_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="not TOML"):
        parse_config("[rollout")


def test_every_setting_is_documented() -> None:
    def undocumented(schema: dict[str, object]) -> list[str]:
        properties = schema["properties"]
        assert isinstance(properties, dict)
        return [n for n, field in properties.items() if not _is_documented(field)]

    whole = RunConfig.model_json_schema()
    assert undocumented(whole) == []
    for name, section in whole["$defs"].items():
        if name.endswith("Config"):
            assert undocumented(section) == [], name


def _is_documented(field: dict[str, object]) -> bool:
    return "description" in field or "$ref" in field

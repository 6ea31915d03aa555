"""The form that starts a run: its values, the configuration they make, and what is wrong.

A field that is left empty takes the preset's value. Field names are paths of `rl_backend.config`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rl_backend.config import ConfigError, RunConfig, load_preset, preset_names
from world_builder.validation import Problem

DEFAULT_PRESET = "tiny"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideField:
    """One setting of a preset that the form lets people change."""

    path: str
    label: str
    kind: str


OVERRIDES = (
    OverrideField(path="num_steps", label="Steps", kind="integer"),
    OverrideField(path="rollout.tasks_per_step", label="Tasks per step", kind="integer"),
    OverrideField(path="rollout.group_size", label="Group size", kind="integer"),
    OverrideField(path="trainer.learning_rate", label="Learning rate", kind="number"),
    OverrideField(path="seed", label="Seed", kind="integer"),
    OverrideField(path="model.path", label="Starting model", kind="text"),
    OverrideField(path="model.context_length", label="Context, tokens", kind="integer"),
    OverrideField(path="engine.max_total_tokens", label="Engine's cache, tokens", kind="integer"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForm:
    """What the form says."""

    bundle: str = ""
    """`<world>/<version>`."""
    preset: str = DEFAULT_PRESET
    values: Mapping[str, str]
    """By path; empty takes the preset's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetView:
    name: str
    description: str
    config: RunConfig
    defaults: Mapping[str, str]
    """What each override field is when it is left empty."""


def read_form(items: Mapping[str, str]) -> RunForm:
    """The form from its fields, or from the query of its address."""
    given = {name: value.strip() for name, value in items.items()}
    preset = given.get("preset") or DEFAULT_PRESET
    return RunForm(
        bundle=given.get("bundle", ""),
        preset=preset if preset in preset_names() else DEFAULT_PRESET,
        values={field.path: given.get(field.path, "") for field in OVERRIDES},
    )


def preset_view(name: str) -> PresetView:
    """A shipped preset, with what it sets."""
    config = load_preset(name)
    values = {field.path: _value(config, field.path) for field in OVERRIDES}
    return PresetView(name=name, description=config.description, config=config, defaults=values)


def config_of_form(form: RunForm) -> tuple[RunConfig | None, tuple[Problem, ...]]:
    """The configuration; None with every problem when values are wrong."""
    overrides = [f"{path}={value}" for path, value in form.values.items() if value]
    try:
        return load_preset(form.preset, overrides), ()
    except ConfigError as error:
        return None, tuple(_problem(line) for line in error.problems)


def _problem(line: str) -> Problem:
    path, _, message = line.partition(": ")
    return Problem(path=path, message=message or line)


def _value(config: RunConfig, path: str) -> str:
    found: object = config
    for name in path.split("."):
        found = getattr(found, name)
    return "" if found is None else f"{found}"

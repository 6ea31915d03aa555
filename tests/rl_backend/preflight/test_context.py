"""What a warm start shows must fit a row, and be there at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.config import RunConfig, load_preset
from rl_backend.preflight import context
from rl_backend.preflight.bundle import Subject
from rl_backend.preflight.checks import Check, CheckState
from rl_backend.preflight.context import context_checks
from rl_backend.preflight.warm_start import warm_start_checks
from world_builder.state import WorldBase

GOOD, WARN, BAD = CheckState.GOOD, CheckState.WARN, CheckState.BAD


@pytest.fixture(scope="module")
def subject(tutorial: WorldBase, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return Subject.opened(write_bundle(tutorial.world, "1.0.0", tmp_path_factory.mktemp("bundle")))


def looked_at(subject: Subject, config: RunConfig) -> Check:
    [check] = context_checks(subject, config)
    return check


@pytest.mark.parametrize("preset", ["tiny", "smoke", "cpu-demo"])
def test_the_bookshop_fits_the_small_presets(subject: Subject, preset: str) -> None:
    assert looked_at(subject, load_preset(preset)).state is GOOD


def test_what_would_be_refused_says_what_to_set(subject: Subject) -> None:
    short = looked_at(subject, load_preset("tiny", ["model.context_length=512"]))
    assert short.state is BAD
    assert "Set model.context_length to 1536" in short.hint
    mended = load_preset("tiny", ["model.context_length=1536"])
    assert looked_at(subject, mended).state is GOOD


def test_without_demonstrations_long_rollouts_are_cut_off(subject: Subject) -> None:
    config = load_preset("tiny", ["model.context_length=512", "warm_start.num_steps=0"])
    assert looked_at(subject, config).state is WARN


def test_a_damaged_bundle_is_left_to_its_own_check(subject: Subject, tmp_path: Path) -> None:
    damaged = Subject(path=tmp_path, digest="damaged", manifest=subject.manifest)
    assert list(context_checks(damaged, load_preset("tiny"))) == []


def test_no_code_of_a_world_runs(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = context.longest_dialogue(subject.path, "whole")
    monkeypatch.setattr(context, "_has_python", lambda _world: True)
    monkeypatch.setattr(context, "replay", None)
    assert 0 < context.longest_dialogue(subject.path, "opening") < whole


def test_only_a_shipped_world_has_siblings(subject: Subject) -> None:
    config = load_preset("cpu-demo")
    assert list(warm_start_checks(subject, config)) == []
    manifest = Bundle.open(subject.path).manifest.model_copy(update={"world": "my-shop"})
    mine = Subject(path=subject.path, manifest=manifest)
    [check] = warm_start_checks(mine, config)
    assert check.state is BAD
    assert "my-shop has no siblings" in check.text
    assert list(warm_start_checks(mine, load_preset("tiny"))) == []

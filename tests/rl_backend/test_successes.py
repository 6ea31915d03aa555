"""Rejection sampling: only what an earlier run did well on training tasks is shown again."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from exporter.bundle import Bundle
from rl_backend.chat_template import ChatTemplate
from rl_backend.collect import rollout_record
from rl_backend.config import ConfigError, RunConfig, load_preset, parse_config
from rl_backend.demonstrations import DemonstrationError, corpus, demonstrations
from rl_backend.engines.scripted_tokens import ScriptedEngine
from rl_backend.evaluation.bundles import lock_of
from rl_backend.group import judged
from rl_backend.judges.checks import ChecksJudge
from rl_backend.lessons import lessons_of
from rl_backend.preflight.bundle import Subject
from rl_backend.preflight.checks import CheckState
from rl_backend.preflight.warm_start import warm_start_checks
from rl_backend.records import EventKind, Phase, RolloutRecord, TokenRecord
from rl_backend.renderer import Renderer
from rl_backend.rollout import RolloutRunner
from rl_backend.rollout_source import RolloutSourceError
from rl_backend.rundir import RunDir
from rl_backend.runtimes.in_process import InProcessRuntime
from rl_backend.samples import as_demonstration
from rl_backend.successes import Successes, successes
from rl_backend.tiny_template import CHAT_TEMPLATE
from rl_backend.tiny_tokenizer import train_tokenizer, write_tokenizer
from rl_backend.token_policy import TokenPolicy
from rl_backend.token_records import kept_tokens
from rl_backend.types import Rollout, SamplingParams
from tests.rl_backend.loop_runs import NUM_WARM_START_STEPS, make_run, work
from world_builder.state import WorldBase
from world_builder.tasks import Split, Task
from world_builder.trajectory import StopReason

CONTEXT = 2048


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A run with one rollout of each of three tasks, sampled token by token."""

    run: RunDir
    renderer: Renderer
    rollouts: tuple[Rollout, ...]

    def write(self, records: Sequence[RolloutRecord], step: int = 1) -> None:
        kept = [tokens for r in self.rollouts if (tokens := kept_tokens(r)) is not None]
        self.run.write_rollouts(step, records, kept)


def write_renderer(tutorial: WorldBase, directory: Path, vocab_size: int) -> Renderer:
    template = ChatTemplate(CHAT_TEMPLATE, {"bos_token": "<|bos|>", "eos_token": "<|end|>"})
    texts = corpus(tutorial, tutorial.world.tasks, template)
    tokenizer = train_tokenizer(texts, vocab_size=vocab_size)
    directory.mkdir(exist_ok=True)
    write_tokenizer(directory, tokenizer, context_length=CONTEXT)
    return Renderer.load(directory)


@pytest.fixture
async def earlier(tutorial: WorldBase, tutorial_bundle: Bundle, tmp_path: Path) -> Earlier:
    run = RunDir.create(tmp_path, load_preset("smoke"), lock_of(tutorial_bundle), "earlier")
    renderer = write_renderer(tutorial, run.policy_dir, 512)
    tasks = tutorial.world.tasks_in(Split.TRAIN)[:3]
    rollouts = [await solved(tutorial, task, renderer) for task in tasks]
    return Earlier(run=run, renderer=renderer, rollouts=tuple(rollouts))


async def solved(tutorial: WorldBase, task: Task, renderer: Renderer) -> Rollout:
    """A rollout of a policy that samples the reference solution."""
    [row] = demonstrations(tutorial, [task], renderer, context_length=CONTEXT)
    engine = ScriptedEngine(lambda prompt: row.token_ids[len(prompt) :])
    sampling = SamplingParams(temperature=1.0, max_new_tokens=512)
    policy = TokenPolicy(engine, renderer, sampling, context_length=CONTEXT)
    runner = RolloutRunner(tutorial, InProcessRuntime(tutorial))
    rollout = await runner.run(task, policy, rollout_id=f"r-{task.id}", seed=1)
    rollout = await judged(rollout, task, ChecksJudge(), runner)
    assert rollout.judgement is not None
    assert rollout.judgement.is_pass
    return rollout


def record(rollout: Rollout, split: Split = Split.TRAIN) -> RolloutRecord:
    return rollout_record(rollout, step=1, split=split, group_id="g")


def settings(earlier: Earlier, *changes: str) -> RunConfig:
    source = ("warm_start.source=rollouts", f"warm_start.rollouts={earlier.run.path}")
    return load_preset("smoke", (f"model.context_length={CONTEXT}", *source, *changes))


def shown(
    tutorial: WorldBase, earlier: Earlier, *changes: str, renderer: Renderer | None = None
) -> Successes:
    config = settings(earlier, *changes)
    digest = earlier.run.bundle().digest
    return successes(tutorial, renderer or earlier.renderer, config, digest)


def ids(found: Successes) -> list[str]:
    return [each.rollout_id for each in found.records]


def test_sampled_tokens_are_shown_as_they_were(tutorial: WorldBase, earlier: Earlier) -> None:
    earlier.write([record(r) for r in earlier.rollouts])
    found = shown(tutorial, earlier)
    assert found.num_sampled == len(found.records) == 3
    rows = {each.rollout_id: as_demonstration(each) for each in found.records}
    for rollout in earlier.rollouts:
        tokens, row = rollout.tokens, rows[rollout.id]
        assert tokens is not None
        assert row.token_ids == tokens.token_ids
        assert row.loss_mask == (False,) * len(tokens.prompt_ids) + tokens.loss_mask
        assert (row.advantage, row.reward) == (1.0, None)


def test_another_tokenizer_renders_them_anew(
    tutorial: WorldBase, earlier: Earlier, tmp_path: Path
) -> None:
    earlier.write([record(r) for r in earlier.rollouts])
    other = write_renderer(tutorial, tmp_path / "other", 600)
    found = shown(tutorial, earlier, renderer=other)
    assert found.num_sampled == 0
    tasks = [tutorial.world.task(each.task_id) for each in found.records]
    expected = demonstrations(tutorial, tasks, other, context_length=CONTEXT)
    made = [as_demonstration(each) for each in found.records]
    assert [m.token_ids for m in made] == [e.token_ids for e in expected]
    assert [m.loss_mask for m in made] == [e.loss_mask for e in expected]


def test_tokens_that_begin_otherwise_today_are_not_taken(
    tutorial: WorldBase, earlier: Earlier
) -> None:
    first, *others = [tokens for r in earlier.rollouts if (tokens := kept_tokens(r)) is not None]
    changed = first.model_copy(update={"token_ids": (first.token_ids[1], *first.token_ids[1:])})
    earlier.run.write_rollouts(1, [record(r) for r in earlier.rollouts], [changed, *others])
    found = shown(tutorial, earlier)
    assert (len(found.records), found.num_sampled) == (3, 2)
    assert changed not in found.records


def test_what_did_not_succeed_is_never_shown(tutorial: WorldBase, earlier: Earlier) -> None:
    good, bad, cut = earlier.rollouts
    assert bad.judgement is not None
    failed = bad.judgement.model_copy(update={"reward": 0.5, "is_pass": False})
    hit = bad.judgement.model_copy(update={"reward": 1.0, "is_pass": False})
    unscored = bad.judgement.model_copy(update={"reward": None, "is_pass": None})
    stop = {"stop_reason": StopReason.MAX_TURNS}
    earlier.write(
        [
            record(good),
            record(replace(bad, judgement=failed)),
            record(replace(bad, judgement=hit)),
            record(replace(bad, judgement=unscored)),
            record(bad).model_copy(update={"excluded_reason": "runtime: it died"}),
            record(replace(cut, trajectory=cut.trajectory.model_copy(update=stop))),
        ]
    )
    assert ids(shown(tutorial, earlier)) == [good.id]
    lenient = shown(tutorial, earlier, "warm_start.min_reward=0.5")
    assert ids(lenient) == sorted([good.id, bad.id])


def test_held_out_tasks_are_never_shown(tutorial: WorldBase, earlier: Earlier) -> None:
    good = earlier.rollouts[0]
    task = tutorial.world.tasks_in(Split.HELD_OUT)[0]
    foreign = replace(good, task_id=task.id)
    earlier.write([record(good, Split.HELD_OUT), record(foreign), record(foreign, Split.HELD_OUT)])
    with pytest.raises(DemonstrationError, match="no successful rollout"):
        shown(tutorial, earlier)


def test_a_task_that_was_put_otherwise_is_not_shown(tutorial: WorldBase, earlier: Earlier) -> None:
    good, other = earlier.rollouts[:2]
    earlier.write([record(good), record(replace(good, id="swapped", task_id=other.task_id))])
    assert ids(shown(tutorial, earlier)) == [good.id]


def test_the_same_is_shown_once_and_a_task_not_too_often(
    tutorial: WorldBase, earlier: Earlier
) -> None:
    one, other, _ = earlier.rollouts
    messages = one.trajectory.messages

    def said_otherwise(number: int) -> RolloutRecord:
        last = messages[-1].model_copy(update={"content": f"{messages[-1].content} ({number})"})
        changes = {"messages": (*messages[:-1], last)}
        changed = replace(
            one, id=f"v{number}", trajectory=one.trajectory.model_copy(update=changes)
        )
        return record(changed).model_copy(update={"policy_version": number})

    earlier.write([record(one), record(replace(one, id="again")), record(other)], step=1)
    earlier.write([said_otherwise(n) for n in (7, 9, 8)], step=2)
    found = shown(tutorial, earlier, "warm_start.max_per_task=2")
    assert sorted(ids(found)) == sorted(["v9", "v8", other.id])
    assert found.left_out == {"the same as another": 1, "more than warm_start.max_per_task": 2}
    assert found.summary == (
        "shows 3 successful rollouts of 2 tasks, 1 by the tokens that were sampled; 2 left out: "
        "more than warm_start.max_per_task; 1 left out: the same as another"
    )


def test_a_row_that_is_too_long_is_counted(tutorial: WorldBase, earlier: Earlier) -> None:
    earlier.write([record(r) for r in earlier.rollouts])
    lengths = sorted(len(r.tokens.token_ids) for r in earlier.rollouts if r.tokens is not None)
    found = shown(tutorial, earlier, f"model.context_length={lengths[0]}")
    assert len(found.records) + found.left_out["longer than model.context_length"] == 3
    with pytest.raises(DemonstrationError, match="3 left out: longer than"):
        shown(tutorial, earlier, "model.context_length=64")


def test_another_bundle_or_no_run_is_refused(
    tutorial: WorldBase, earlier: Earlier, tmp_path: Path
) -> None:
    config = settings(earlier)
    with pytest.raises(RolloutSourceError, match="no rollouts yet"):
        shown(tutorial, earlier)
    earlier.write([record(r) for r in earlier.rollouts])
    with pytest.raises(RolloutSourceError, match="trained on another bundle, tutorial"):
        successes(tutorial, earlier.renderer, config, "0" * 64)
    for path in ("absent", "."):
        changed = settings(earlier, f"warm_start.rollouts={tmp_path / path}")
        with pytest.raises(RolloutSourceError):
            successes(tutorial, earlier.renderer, changed, earlier.run.bundle().digest)


def test_a_lone_file_of_rollouts_is_rendered_anew(
    tutorial: WorldBase, earlier: Earlier, tmp_path: Path
) -> None:
    earlier.write([record(r) for r in earlier.rollouts])
    (tmp_path / "a" / "b").mkdir(parents=True)
    lone = shutil.copy(earlier.run.rollouts_path(1), tmp_path / "a" / "b" / "good.jsonl")
    found = shown(tutorial, earlier, f"warm_start.rollouts={lone}")
    assert (len(found.records), found.num_sampled) == (3, 0)
    inside = shown(tutorial, earlier, f"warm_start.rollouts={earlier.run.rollouts_path(1)}")
    assert inside.num_sampled == 3


def test_a_resumed_run_shows_what_it_showed(
    tutorial: WorldBase, tutorial_bundle: Bundle, earlier: Earlier, tmp_path: Path
) -> None:
    earlier.write([record(r) for r in earlier.rollouts])
    config = settings(earlier)
    run = RunDir.create(tmp_path, config, lock_of(tutorial_bundle), "later")
    first = lessons_of(run, tutorial, earlier.renderer, config).of(1)
    shutil.rmtree(earlier.run.path)
    assert lessons_of(run, tutorial, earlier.renderer, config).of(1) == first
    [note] = [e.message for e in run.tail_events().records if e.kind is EventKind.NOTE]
    assert note == "the warm start " + (
        "shows 3 successful rollouts of 3 tasks, 3 by the tokens that were sampled"
    )


def test_the_preflight_looks_for_the_rollouts(earlier: Earlier, tutorial_bundle: Bundle) -> None:
    subject = Subject.opened(tutorial_bundle.path)
    assert list(warm_start_checks(subject, load_preset("smoke"))) == []
    [check] = warm_start_checks(subject, settings(earlier))
    assert (check.state, check.text) == (CheckState.BAD, "earlier has no rollouts yet")
    earlier.write([record(r) for r in earlier.rollouts])
    [check] = warm_start_checks(subject, settings(earlier))
    assert check.state is CheckState.GOOD
    [check] = warm_start_checks(None, settings(earlier))
    assert check.state is CheckState.BAD


def test_the_source_and_its_rollouts_are_named_together() -> None:
    for text in ('source = "rollouts"', 'rollouts = "runs/a"'):
        with pytest.raises(ConfigError, match="only then"):
            parse_config(f"[warm_start]\n{text}\n")
    with pytest.raises(ConfigError, match="exclude each other"):
        parse_config('[warm_start]\nsource = "rollouts"\nrollouts = "a"\nsiblings_per_step = 1\n')


def test_the_trainer_learns_from_an_earlier_run(
    straight: RunDir, tutorial_bundle: Bundle, tmp_path: Path
) -> None:
    choice = (
        "warm_start.source=rollouts",
        f"warm_start.rollouts={straight.path}",
        "warm_start.min_reward=0.2",
        "warm_start.max_per_task=2",
        "num_steps=0",
    )
    run = make_run(tmp_path, tutorial_bundle, "taught", *choice)
    work(run)
    steps = [r for r in run.metrics() if r.phase is Phase.WARM_START]
    assert [r.step for r in steps] == list(range(1, NUM_WARM_START_STEPS + 1))
    assert all(math.isfinite(r.values["loss"]) for r in steps)
    kept = {t.rollout_id: t for s in straight.rollout_steps() for t in tokens(straight, s)}
    records = run.demonstrations()
    assert records
    assert all(record == kept[record.rollout_id] for record in records)
    rewards = {r.rollout_id: r.reward or 0.0 for s in (1, 2, 3) for r in straight.rollouts(s)}
    assert all(rewards[record.rollout_id] >= 0.2 for record in records)
    assert run.eval_steps() == (0,)


def tokens(run: RunDir, step: int) -> list[TokenRecord]:
    lines = run.tokens_path(step).read_text().splitlines()
    return [TokenRecord.model_validate_json(line) for line in lines]

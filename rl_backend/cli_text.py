"""What the commands show to people: a rollout, a report, a review, a run's progress.

Text only; nothing is computed here. Machines read the JSON form instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from rl_backend.evaluation.pairing import PairedReview
from rl_backend.evaluation.pass_rate import Interval
from rl_backend.evaluation.report import EvalReport
from rl_backend.records import MetricRecord, Phase, RolloutRecord, Status
from rl_backend.rundir import RunDir
from world_builder.ids import canonical_json
from world_builder.tasks import Task
from world_builder.trajectory import Message

LOOK_S = 0.5
MARKS = {"met": "✓", "unmet": "✗", "cannot_assess": "?"}


def rollout(record: RolloutRecord, task: Task) -> str:
    """A trajectory with its verdicts."""
    lines = [f"{task.id}: {task.title}", ""]
    lines += [_message(message) for message in record.trajectory.messages]
    lines += ["", f"ended by {record.trajectory.stop_reason.value}, {_result(record)}"]
    texts = {criterion.id: criterion.text for criterion in task.rubric.criteria}
    for verdict in record.judgement.verdicts if record.judgement else ():
        mark = MARKS[verdict.value.value]
        lines.append(f"  {mark} {texts[verdict.criterion_id]} ({verdict.reason})")
    return "\n".join(lines)


def report(given: EvalReport) -> str:
    """An evaluation in a few lines."""
    lines = [
        f"{given.policy} on {given.tasks} {given.split} tasks of {given.bundle[:60]}",
        f"pass rate   {_interval(given.pass_rate_interval)}",
        f"mean reward {_number(given.mean_reward)}",
        f"unscored    {given.num_unscored} of {given.num_rollouts} rollouts",
    ]
    lines += [f"  {count} x {reason}" for reason, count in given.unscored_reasons.items()]
    slicings = [("category", given.by_category), ("difficulty", given.by_difficulty)]
    if len(given.by_exposure) > 1:
        slicings.append(("scenario, seen in training or not", given.by_exposure))
    for title, slices in slicings:
        lines.append(f"by {title}")
        lines += [
            f"  {s.name:24} {s.num_tasks:4} tasks  pass {_interval(s.pass_rate)}  "
            f"reward {_number(s.mean_reward)}"
            for s in slices
        ]
    lines.append("criteria met")
    lines += [
        f"  {c.category.value:24} {c.num_met} of {c.num_assessed} ({c.rate:.0%})"
        for c in given.by_criterion_category
    ]
    return "\n".join(lines)


def review(given: PairedReview) -> str:
    """A comparison in a few lines, tasks that flipped by name."""
    gained = [pair.task_id for pair in given.pairs if pair.is_gained]
    lost = [pair.task_id for pair in given.pairs if pair.is_lost]
    return "\n".join(
        [
            f"{given.baseline} against {given.trained} on {given.num_tasks} tasks",
            f"pass rate   {_number(given.baseline_pass_rate)} -> "
            f"{_number(given.trained_pass_rate)}, gain {_interval(given.pass_gain)}",
            f"reward gain {_interval(given.reward_gain)}",
            f"McNemar     {given.test.num_gained} gained, {given.test.num_lost} lost, "
            f"p = {given.test.p_value:.4f}",
            f"gained      {', '.join(gained) or 'none'}",
            f"lost        {', '.join(lost) or 'none'}",
        ]
    )


@contextmanager
def counting(*, is_shown: bool) -> Iterator[Callable[[RolloutRecord], None]]:
    """A counter of rollouts on standard error, for the time of an evaluation."""
    with Progress(
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not is_shown,
        transient=True,
    ) as progress:
        task = progress.add_task("rollouts", total=None)
        yield lambda _record: progress.advance(task)


def watch(run: RunDir) -> Status:
    """Shows a run until its process ends; Ctrl-C asks for a stop and goes on watching."""
    with Progress(
        TextColumn("{task.description:12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as progress:
        status = run.status()
        warm = progress.add_task("warm start", total=status.num_warm_start_steps or None, note="")
        steps = progress.add_task("training", total=status.num_steps, note="")
        offset, is_over = 0, False
        while not is_over:
            is_over = not _alive_after_pause(run)
            status = run.status()
            tail = run.tail_metrics(offset)
            offset = tail.offset
            for record in tail.records:
                bar = warm if record.phase is Phase.WARM_START else steps
                progress.update(bar, note=_note(record))
            progress.update(warm, completed=status.warm_start_step)
            progress.update(steps, completed=status.step, description=status.state.value)
    text = f"{status.state.value}: {status.reason}" if status.reason else status.state.value
    Console(stderr=True).print(text, markup=False)
    return status


def wait_for_end(run: RunDir) -> None:
    """Returns once no process works on the run."""
    while run.is_alive():
        time.sleep(LOOK_S)


def _alive_after_pause(run: RunDir) -> bool:
    try:
        time.sleep(LOOK_S)
    except KeyboardInterrupt:
        run.request_stop()
    return run.is_alive()


def _note(record: MetricRecord) -> str:
    names = ("loss", "reward_mean", "pass_rate", "eval_pass_rate", "eval_reward_mean")
    return "  ".join(f"{n} {record.values[n]:.3f}" for n in names if n in record.values)


def _message(message: Message) -> str:
    calls = [f"{c.tool} {canonical_json(c.arguments)}" for c in message.tool_calls]
    body = "\n".join(part for part in (message.content, *calls) if part)
    return f"[{message.tool or message.role.value}] {body}"


def _result(record: RolloutRecord) -> str:
    if record.reward is None:
        return f"unscored: {record.excluded_reason}"
    return f"reward {record.reward:.3f}, {'passed' if record.is_pass else 'not passed'}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _interval(value: Interval | None) -> str:
    return "unknown" if value is None else f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"

"""Runs an answer of a task in a scratch world and decides its rubric, as far as it can be read.

The answer is the reference solution, the reference with one planted error, or a pasted text. Checks
decide at once; what they leave open goes to the judge of `rl_backend`, and what it said of the same
criterion and the same answer is remembered. Nothing is stored and no world is changed.
"""

import json
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock

from rl_backend.judges.settings import JudgeSettings, build_judge
from rl_backend.judging import stream_verdicts
from studio.services.planting import plant, plantable
from studio.services.readable_tasks import Unreadable, readable_task
from studio.services.world_cache import Snapshot
from studio.settings import Settings
from world_builder.checking import CheckContext, check_criterion
from world_builder.errors import WorldError
from world_builder.frozen import Json
from world_builder.ids import content_hash
from world_builder.replay import replay
from world_builder.rubrics import Criterion, Rubric, Scope, Verdict, VerdictValue, judgement
from world_builder.tasks import ReferenceSolution, Task
from world_builder.trajectory import Trajectory
from world_builder.wording import counted


class AnswerKind(StrEnum):
    REFERENCE = "reference"
    BROKEN = "broken"
    PASTE = "paste"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which answer to judge."""

    kind: AnswerKind = AnswerKind.REFERENCE
    error: str = ""
    """For `broken`: the planted error, one of `Preview.errors`; empty takes the first."""
    text: str = ""
    """For `paste`: the answer."""
    with_calls: bool = True
    """For `paste`: whether the reference's calls were made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """One criterion with what was decided."""

    criterion_id: str
    text: str
    value: str
    """`met`, `unmet`, `cannot_assess`, or `unscored` while nobody decided."""
    reason: str
    evidence: tuple[str, ...] = ()
    judge: str = ""
    flips: str = ""
    """Examples that come out as they should, such as `2/2`; empty without examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """What one call of the reference answered."""

    words: str
    is_error: bool
    is_write: bool
    detail: str
    """The whole answer as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """An answer, judged."""

    asked: Asked
    answer: str
    spans: tuple[tuple[int, int], ...]
    """Where the evidence stands in the answer, in characters."""
    rows: tuple[PreviewRow, ...]
    reward: float | None
    is_pass: bool | None
    note: str
    """Why there is no reward; empty when there is one."""
    calls: tuple[CallResult, ...]
    """Results of the reference's calls, in order."""
    errors: tuple[tuple[str, str], ...]
    """Errors that can be planted: value and words."""

    @property
    def num_met(self) -> int:
        return sum(row.value == "met" for row in self.rows)

    @property
    def open_ids(self) -> tuple[str, ...]:
        """Criteria that nobody decided yet."""
        return tuple(row.criterion_id for row in self.rows if row.value == "unscored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An answer that was run, before anyone judged it."""

    asked: Asked
    snapshot: Snapshot
    task: Task
    trajectory: Trajectory
    unreadable: tuple[Unreadable, ...]
    order: tuple[str, ...]
    calls: tuple[CallResult, ...]
    errors: tuple[tuple[str, str], ...]

    @property
    def context(self) -> CheckContext:
        return CheckContext(self.task, self.trajectory, self.snapshot.base)


def run_answer(ready: Snapshot, data: Mapping[str, Json], asked: Asked) -> Run:
    """The run of an answer to a task, half-typed or whole. Raises WorldError."""
    read = readable_task(data)
    task = read.task
    engine = ready.engine(task.tool_surface)
    reference = task.reference_solution or ReferenceSolution(response="")
    played = replay(ready.base, task, reference, engine)
    is_write = {tool.name: not tool.is_read_only for tool in engine.tools}
    calls = tuple(
        CallResult(
            words=_result_words(record.value, record.is_error),
            is_error=record.is_error,
            is_write=is_write.get(record.call.tool, False),
            detail=json.dumps(record.value, ensure_ascii=False, indent=1),
        )
        for record in played.calls
    )
    errors = plantable(reference)
    solution = _answer(reference, asked, errors)
    trajectory = played if solution == reference else replay(ready.base, task, solution, engine)
    return Run(
        asked=asked, snapshot=ready, task=task, trajectory=trajectory,
        unreadable=read.unreadable, order=read.order, calls=calls, errors=errors,
    )  # fmt: skip


def decide(run: Run, *, is_asking: bool = False) -> dict[str, Verdict]:
    """What checks decide, and what the judge said before of the very same.

    `is_asking` forgets what the judge could not assess, so that it is asked again.
    """
    context = run.context
    found: dict[str, Verdict] = {}
    for item in run.unreadable:
        reason = f"the criterion cannot be read: {item.why}"
        found[item.id] = Verdict(
            criterion_id=item.id, value=VerdictValue.CANNOT_ASSESS, reason=reason
        )
    for criterion in run.task.rubric.criteria:
        verdict = check_criterion(criterion, context) or _remembered(run, criterion)
        is_open = is_asking and criterion.check is None and not _is_sure(verdict)
        if verdict is not None and not is_open:
            found[criterion.id] = verdict
    return found


async def ask_judge(
    run: Run, decided: Mapping[str, Verdict], settings: Settings
) -> AsyncGenerator[Verdict, None]:
    """The judge's verdicts on what is open, one by one."""
    wanted = [c for c in run.task.rubric.criteria if c.id not in decided]
    if not wanted:
        return
    judge = build_judge(judge_settings(settings))
    asked = run.task.model_copy(update={"rubric": Rubric(criteria=tuple(wanted))})
    try:
        async for verdict in stream_verdicts(asked, run.trajectory, run.snapshot.base, judge):
            _remember(run, verdict)
            yield verdict
    finally:
        await judge.close()


def judge_settings(settings: Settings) -> JudgeSettings:
    """The judge that the studio's settings name; its answers are kept in the data directory."""
    return JudgeSettings(
        api_key=settings.anthropic_api_key,
        model=settings.judge_model,
        base_url=settings.anthropic_base_url,
        cache_path=Path(settings.data_dir) / "judge.db",
    )


def show(run: Run, verdicts: Mapping[str, Verdict]) -> Preview:
    """The run with its verdicts, as a page shows it."""
    texts = {c.id: c.text for c in run.task.rubric.criteria} | {
        u.id: u.text for u in run.unreadable
    }
    flips = {c.id: _flips(c, run) for c in run.task.rubric.criteria}
    rows = tuple(
        _row(key, texts.get(key, ""), verdicts.get(key), flips.get(key, "")) for key in run.order
    )
    judged = judgement(run.task.rubric, verdicts.values())
    is_whole = not run.unreadable
    return Preview(
        asked=run.asked,
        answer=run.trajectory.response,
        spans=evidence_spans(run.trajectory.response, rows),
        rows=rows,
        reward=judged.reward if is_whole else None,
        is_pass=judged.is_pass if is_whole else None,
        note=judged.unscored_reason if is_whole else "a criterion cannot be read",
        calls=run.calls,
        errors=run.errors,
    )


def failed(asked: Asked, reason: str) -> Preview:
    """The preview of a task that cannot be run at all."""
    return Preview(
        asked=asked, answer="", spans=(), rows=(), reward=None, is_pass=None, note=reason,
        calls=(), errors=(),
    )  # fmt: skip


def preview(ready: Snapshot, data: Mapping[str, Json], asked: Asked) -> Preview:
    """An answer judged by checks and by what is remembered; asks nobody."""
    try:
        run = run_answer(ready, data, asked)
    except WorldError as error:
        return failed(asked, str(error))
    return show(run, decide(run))


def evidence_spans(answer: str, rows: tuple[PreviewRow, ...]) -> tuple[tuple[int, int], ...]:
    """Where the quoted passages stand in the answer: sorted, joined where they overlap."""
    found = sorted(
        (at, at + len(quote))
        for row in rows
        for quote in row.evidence
        if quote and (at := answer.find(quote)) >= 0
    )
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _answer(
    reference: ReferenceSolution, asked: Asked, errors: tuple[tuple[str, str], ...]
) -> ReferenceSolution:
    if asked.kind is AnswerKind.PASTE:
        calls = reference.calls if asked.with_calls else ()
        return ReferenceSolution(calls=calls, response=asked.text)
    if asked.kind is AnswerKind.BROKEN and errors:
        known = {value for value, _ in errors}
        return plant(reference, asked.error if asked.error in known else errors[0][0])
    return reference


def _row(key: str, text: str, verdict: Verdict | None, flips: str) -> PreviewRow:
    if verdict is None:
        reason = "No check decides it. Run to ask the judge."
        return PreviewRow(criterion_id=key, text=text, value="unscored", reason=reason, flips=flips)
    return PreviewRow(
        criterion_id=key, text=text, value=verdict.value.value, reason=_sentence(verdict.reason),
        evidence=verdict.evidence, judge=verdict.judge, flips=flips,
    )  # fmt: skip


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


def _flips(criterion: Criterion, run: Run) -> str:
    examples = criterion.examples
    total = len(examples.met) + len(examples.unmet)
    if not total or criterion.check is None or criterion.scope is not Scope.RESPONSE:
        return ""
    wanted = [(text, VerdictValue.MET) for text in examples.met]
    wanted += [(text, VerdictValue.UNMET) for text in examples.unmet]
    right = 0
    for text, value in wanted:
        said = run.trajectory.model_copy(update={"response": text})
        verdict = check_criterion(criterion, CheckContext(run.task, said, run.snapshot.base))
        right += verdict is not None and verdict.value is value
    return f"{right}/{total}"


def _result_words(value: Mapping[str, Json], is_error: bool) -> str:
    if is_error:
        error = value.get("error")
        code = error.get("code") if isinstance(error, dict) else error
        return f"refused: {code}" if isinstance(code, str) else "refused"
    for name, item in value.items():
        if isinstance(item, list):
            return f"{len(item)} {name if len(item) != 1 else name.removesuffix('s')}".replace(
                "_", " "
            )
    for name in ("status", "ok", "total", "count"):
        if isinstance(value.get(name), str | int | bool):
            return f"{name} {json.dumps(value[name])}".replace('"', "")
    return counted(len(value), "field")


_MOST_REMEMBERED = 2_000
_memory: OrderedDict[str, Verdict] = OrderedDict()
_lock = Lock()


def _key(run: Run, criterion: Criterion) -> str:
    """Names a criterion, the answer it was asked of and the request."""
    what = criterion.model_dump(mode="json", include={"text", "kind", "category", "scope"})
    which = {"calls", "response", "state_hash"}
    trajectory = run.trajectory.model_dump(mode="json", include=which)
    return content_hash([run.task.prompt, run.task.intent, what, trajectory])


def _remember(run: Run, verdict: Verdict) -> None:
    criterion = next(c for c in run.task.rubric.criteria if c.id == verdict.criterion_id)
    with _lock:
        _memory[_key(run, criterion)] = verdict
        while len(_memory) > _MOST_REMEMBERED:
            _memory.popitem(last=False)


def _is_sure(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.value is not VerdictValue.CANNOT_ASSESS


def _remembered(run: Run, criterion: Criterion) -> Verdict | None:
    if criterion.check is not None or not _memory:
        return None
    found = _memory.get(_key(run, criterion))
    return found and found.model_copy(update={"criterion_id": criterion.id})

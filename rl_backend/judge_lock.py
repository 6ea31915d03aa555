"""The judge of a run: that of the process's environment, the same from its first start to its end.

Which one judges is no part of the configuration (`judges.settings` reads the environment), but it
makes the reward: a run that is resumed elsewhere must not go on under another one unnoticed. The
run directory keeps the judge's identity; nothing is kept or compared where checks decide it all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from rl_backend.errors import BackendError
from rl_backend.judges.base import Judge
from rl_backend.judges.settings import API_KEY, MODEL, JudgeSettings, build_judge
from rl_backend.records import JudgeLock
from rl_backend.rundir import RunDir
from world_builder.state import WorldBase


@asynccontextmanager
async def held_judge(
    run: RunDir, base: WorldBase, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Judge]:
    """The run's judge, closed with the block; `environment` None is the process's own.

    Raises:
        BackendError: another judge judged the run so far, and the bundle has criteria for it.
    """
    settings = JudgeSettings.from_environment(environment)
    judge = build_judge(settings)
    try:
        if _is_asked(base):
            _hold(run, judge, settings)
        yield judge
    finally:
        await judge.close()


def _is_asked(base: WorldBase) -> bool:
    """Whether the bundle has criteria that no check decides."""
    return any(c.check is None for task in base.world.tasks for c in task.rubric.criteria)


def _hold(run: RunDir, judge: Judge, settings: JudgeSettings) -> None:
    """Keeps the judge's identity, as long as nothing counts that another one judged."""
    kept = run.judge()
    if kept is not None and kept.id == judge.id:
        return
    if kept is not None and _has_judged(run):
        raise BackendError(
            f"The run was judged by {kept.id}, now {judge.id} would judge.",
            hint=f"{_as_before(kept, settings)}, or start a new run.",
        )
    chosen = {} if settings.missing else settings.chosen
    run.write_judge(JudgeLock(id=judge.id, settings=chosen))


def _has_judged(run: RunDir) -> bool:
    """Whether the run goes on from verdicts; a first step that could not be scored gave none."""
    return run.stored_status().step > 0 or bool(run.eval_steps())


def _as_before(kept: JudgeLock, settings: JudgeSettings) -> str:
    """What to do so that the same judge judges again."""
    if not kept.settings:
        return f"Unset {MODEL} as before"
    now = settings.chosen
    missing = [API_KEY] if settings.api_key is None else []
    changed = [f"{name}={text}" for name, text in kept.settings.items() if now.get(name) != text]
    told = {"Set": [*missing, *changed], "Unset": [n for n in now if n not in kept.settings]}
    steps = [f"{verb} {' and '.join(names)} as before" for verb, names in told.items() if names]
    return ". ".join(steps) or "Go on with the release that the run began with"

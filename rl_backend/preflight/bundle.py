"""Checks of the bundle that a run would train on: its tasks, its judge, its containers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.manifest import Manifest
from rl_backend.config import RunConfig
from rl_backend.docker_config import DockerConfig
from rl_backend.evaluation.bundles import RuntimeKind
from rl_backend.judges.settings import JudgeSettings
from rl_backend.preflight.checks import Check, CheckState, Job

MOST_FAULTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A bundle as it was found when every hash of it was recomputed."""

    path: Path
    digest: str = ""
    manifest: Manifest | None = None
    """None when it is not intact."""
    num_files: int = 0
    faults: tuple[str, ...] = ()

    @classmethod
    def opened(cls, path: Path) -> Self:
        """The bundle of a path; a bad one has its faults."""
        try:
            bundle = Bundle.open(path)
        except BundleError as error:
            return cls(path=path, faults=(str(error),))
        manifest = bundle.manifest
        return cls(
            path=bundle.path,
            digest=bundle.digest,
            manifest=manifest,
            num_files=len(manifest.files) + 1,
        )


def bundle_checks(subject: Subject | None, config: RunConfig) -> Iterator[Check]:
    """Whether it is intact, and has what a run needs."""
    if subject is None:
        hint = "Publish a version of a world, then choose it."
        yield Check(title="Bundle", state=CheckState.BAD, text="none is chosen", hint=hint)
        return
    if subject.faults or subject.manifest is None:
        text = "not what was published: " + "; ".join(subject.faults[:MOST_FAULTS])
        hint = "Put the folder back from a copy, or publish a new version."
        yield Check(title="Bundle", state=CheckState.BAD, text=text, hint=hint)
        return
    text = f"intact, {subject.num_files:,} files"
    yield Check(title="Bundle", state=CheckState.GOOD, text=text)
    yield _training_tasks(subject.manifest, config)
    yield _held_out_tasks(subject.manifest)
    yield from _judge(subject.manifest)


def container_jobs(subject: Subject | None, config: RunConfig) -> list[Job]:
    """Whether each Docker host can run the bundle's image, where a run wants containers.

    A host alone in being unable is a warning: the others take over.
    """
    if subject is None or config.rollout.runtime != RuntimeKind.DOCKER:
        return []
    given = config.rollout.docker
    one_each = [DockerConfig(hosts=(h,), image=given.image) for h in given.hosts]
    return [
        Job(title="Containers", look=partial(_host, docker, subject))
        for docker in one_each or [given]
    ]


def with_one_host_enough(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The same checks; hosts that cannot are warnings as long as another one can."""
    hosts = [check for check in checks if check.title == "Containers"]
    if not any(check.state is CheckState.GOOD for check in hosts):
        return checks
    return tuple(
        Check(title=c.title, state=CheckState.WARN, text=c.text, hint=c.hint)
        if c.title == "Containers" and c.state is CheckState.BAD
        else c
        for c in checks
    )


def _host(docker: DockerConfig, subject: Subject) -> Iterator[Check]:
    from rl_backend.runtimes.docker_checks import check_hosts

    for found in check_hosts(docker, subject.digest, subject.path):
        state = CheckState.GOOD if found.is_good else CheckState.BAD
        yield Check(title="Containers", state=state, text=found.text, hint=found.hint)


def _training_tasks(manifest: Manifest, config: RunConfig) -> Check:
    num, wanted = num_tasks(manifest, config), config.rollout.tasks_per_step
    title = "Training tasks"
    if num == 0:
        hint = "Put tasks into the training split and publish again."
        return Check(title=title, state=CheckState.BAD, text="none", hint=hint)
    most = config.max_rounds_per_step * min(num, wanted)
    if most < config.min_groups_per_step:
        text = f"a step wants {config.min_groups_per_step} useful groups and makes {most} at most"
        hint = "Lower min_groups_per_step, or raise max_rounds_per_step or rollout.tasks_per_step."
        return Check(title=title, state=CheckState.BAD, text=text, hint=hint)
    if num < wanted:
        text = f"{num}, and a step has room for {wanted}"
        hint = "Each step takes all of them."
        return Check(title=title, state=CheckState.WARN, text=text, hint=hint)
    steps = math.ceil(num / wanted)
    text = f"{num:,}: all seen in {'1 step' if steps == 1 else f'{steps:,} steps'}"
    return Check(title=title, state=CheckState.GOOD, text=text)


def num_tasks(manifest: Manifest, config: RunConfig) -> int:
    """Training tasks that rollouts are made of."""
    return min(len(manifest.splits.train), config.num_train_tasks or len(manifest.splits.train))


def _held_out_tasks(manifest: Manifest) -> Check:
    num = len(manifest.splits.held_out)
    if num:
        return Check(title="Held-out tasks", state=CheckState.GOOD, text=f"{num:,}")
    hint = "Nothing will tell whether the policy got better on tasks that it was not trained on."
    return Check(title="Held-out tasks", state=CheckState.WARN, text="none", hint=hint)


def _judge(manifest: Manifest) -> Iterator[Check]:
    """Whether a model can be asked where no check decides; it is not asked here."""
    num = sum(len(gate.needs_judge) for gate in manifest.gates.gates)
    if not num:
        return
    text = f"{num} tasks have criteria that no check decides"
    settings = JudgeSettings.from_environment()
    if settings.missing:
        hint = (
            f"Set {' and '.join(settings.missing)}, or those rollouts stay unscored and teach "
            "nothing."
        )
        yield Check(title="Judge", state=CheckState.WARN, text=text, hint=hint)
        return
    yield Check(title="Judge", state=CheckState.GOOD, text=f"{text}; {settings.model} is asked")
    pinned = manifest.judge
    if pinned.model not in {None, settings.model}:
        told = f"{settings.model} is asked, the bundle was published for {pinned.model}"
        hint = "Rewards of the two are not comparable."
        yield Check(title="Judge", state=CheckState.WARN, text=told, hint=hint)
    if pinned.calibration is None:
        told = "it was never calibrated on this bundle"
        hint = "Check some of its verdicts yourself."
        yield Check(title="Judge", state=CheckState.WARN, text=told, hint=hint)

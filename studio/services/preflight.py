"""What is looked at before a run is started, in words that say what to mend.

It changes nothing. A check that is `bad` keeps the run from starting; `warn` only tells.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exporter.manifest import Manifest
from rl_backend.config import RunConfig
from rl_backend.evaluation.bundles import RuntimeKind
from rl_backend.judges.settings import API_KEY, JudgeSettings
from studio.repository.bundles import BundleVersion
from studio.services.backend import BackendState, BackendView
from studio.services.bundle_views import manifest_of, verify_version

GIB = 2**30
NEEDED_BYTES, WANTED_BYTES = GIB, 5 * GIB
"""Below the first a run cannot keep its checkpoints; below the second it may run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightCheck:
    title: str
    state: str
    """`good`, `warn` or `bad`."""
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    checks: tuple[PreflightCheck, ...]

    @property
    def can_start(self) -> bool:
        return all(check.state != "bad" for check in self.checks)

    @property
    def refusal(self) -> str:
        """Why it cannot start; empty when it can."""
        return "; ".join(f"{c.title}: {c.text}" for c in self.checks if c.state == "bad")


def preflight(
    backend: BackendView,
    version: BundleVersion | None,
    config: RunConfig,
    runs_dir: Path,
    num_active: int,
) -> Preflight:
    """Every check for starting a run with this configuration on this version."""
    checks = [_backend(backend), *_bundle(version, config), *_containers(version, config)]
    checks += _model(config)
    checks += [_disk(runs_dir), *_others(num_active)]
    return Preflight(checks=tuple(checks))


def _backend(backend: BackendView) -> PreflightCheck:
    title = "Training backend"
    if backend.is_ready:
        return PreflightCheck(title=title, state="good", text="installed")
    hint = {
        BackendState.INSTALLING: "Wait until it is done; the runs page shows how far it is.",
        BackendState.UNSUPPORTED: "Train on a machine that can hold it.",
    }.get(backend.state, "Install it on the runs page.")
    return PreflightCheck(title=title, state="bad", text=backend.message, hint=hint)


def _bundle(version: BundleVersion | None, config: RunConfig) -> Iterator[PreflightCheck]:
    if version is None:
        hint = "Publish a version of a world, then choose it."
        yield PreflightCheck(title="Bundle", state="bad", text="none is chosen", hint=hint)
        return
    found, manifest = verify_version(version), manifest_of(version)
    if not found.is_intact or manifest is None:
        text = "not what was published: " + "; ".join(found.faults[:3])
        hint = "Put the folder back from a copy, or publish a new version."
        yield PreflightCheck(title="Bundle", state="bad", text=text, hint=hint)
        return
    text = f"intact, {found.num_files:,} files"
    yield PreflightCheck(title="Bundle", state="good", text=text)
    yield from _deprecation(version)
    yield _training_tasks(manifest, config)
    yield _held_out_tasks(manifest)
    yield from _judge(manifest)


def _deprecation(version: BundleVersion) -> Iterator[PreflightCheck]:
    if version.deprecation is not None:
        text = f"{version.version} is deprecated: {version.deprecation.reason}"
        hint = "Train on another version, unless you know better."
        yield PreflightCheck(title="Version", state="warn", text=text, hint=hint)


def _training_tasks(manifest: Manifest, config: RunConfig) -> PreflightCheck:
    num, wanted = len(manifest.splits.train), config.rollout.tasks_per_step
    title = "Training tasks"
    if num == 0:
        hint = "Put tasks into the training split and publish again."
        return PreflightCheck(title=title, state="bad", text="none", hint=hint)
    if num < wanted:
        text = f"{num}, and each step takes {wanted}"
        hint = "Tasks will come more than once in a step."
        return PreflightCheck(title=title, state="warn", text=text, hint=hint)
    each = num / wanted
    return PreflightCheck(title=title, state="good", text=f"{num:,}: all seen in {each:.0f} steps")


def _held_out_tasks(manifest: Manifest) -> PreflightCheck:
    num = len(manifest.splits.held_out)
    if num:
        return PreflightCheck(title="Held-out tasks", state="good", text=f"{num:,}")
    hint = "Nothing will tell whether the policy got better on tasks that it was not trained on."
    return PreflightCheck(title="Held-out tasks", state="warn", text="none", hint=hint)


def _judge(manifest: Manifest) -> Iterator[PreflightCheck]:
    num = sum(len(gate.needs_judge) for gate in manifest.gates.gates)
    if not num:
        return
    text = f"{num} tasks have criteria that no check decides"
    if JudgeSettings.from_environment().api_key is not None:
        yield PreflightCheck(title="Judge", state="good", text=text + "; a model is asked")
        return
    hint = f"Set {API_KEY}, or those rollouts stay unscored and teach nothing."
    yield PreflightCheck(title="Judge", state="warn", text=text, hint=hint)


def _containers(version: BundleVersion | None, config: RunConfig) -> Iterator[PreflightCheck]:
    """Whether the Docker hosts can run the bundle's image, where a run wants containers."""
    if version is None or config.rollout.runtime != RuntimeKind.DOCKER:
        return
    from rl_backend.runtimes.docker_checks import check_hosts

    found = check_hosts(config.rollout.docker, version.digest, Path(version.path))
    can_run = any(check.is_good for check in found)
    for check in found:
        state = "good" if check.is_good else "warn" if can_run else "bad"
        yield PreflightCheck(title="Containers", state=state, text=check.text, hint=check.hint)


def _model(config: RunConfig) -> Iterator[PreflightCheck]:
    path = config.model.path
    if path is None:
        text = "a small one, made from scratch"
        yield PreflightCheck(title="Starting model", state="good", text=text)
    elif Path(path).is_dir():
        yield PreflightCheck(title="Starting model", state="good", text=path)
    else:
        hint = "Give the folder of a Hugging Face model."
        text = f"there is no folder {path}"
        yield PreflightCheck(title="Starting model", state="bad", text=text, hint=hint)


def _disk(runs_dir: Path) -> PreflightCheck:
    place = next(p for p in (runs_dir.absolute(), *runs_dir.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / GIB:.1f} GiB free"
    if free < NEEDED_BYTES:
        hint = "Delete old runs: checkpoints need room."
        return PreflightCheck(title="Disk", state="bad", text=text, hint=hint)
    state = "warn" if free < WANTED_BYTES else "good"
    return PreflightCheck(title="Disk", state=state, text=text)


def _others(num_active: int) -> Iterator[PreflightCheck]:
    if num_active:
        hint = "Both get slower, and their memory adds up."
        text = "1 is under way" if num_active == 1 else f"{num_active} are under way"
        yield PreflightCheck(title="Other runs", state="warn", text=text, hint=hint)

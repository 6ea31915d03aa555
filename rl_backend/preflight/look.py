"""The preflight of a run: every check at once, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rl_backend.config import RunConfig
from rl_backend.preflight.bundle import (
    Subject,
    bundle_checks,
    container_jobs,
    with_one_host_enough,
)
from rl_backend.preflight.checks import Check, Job, Preflight, gathered
from rl_backend.preflight.context import context_checks
from rl_backend.preflight.machine import disk_checks, engine_checks, memory_checks, package_checks
from rl_backend.preflight.model import model_checks
from rl_backend.preflight.policy_lag import policy_lag_checks
from rl_backend.preflight.tracking import tracking_checks
from rl_backend.preflight.warm_start import warm_start_checks
from rl_backend.preflight.weight_sync import weight_sync_checks


def preflight(
    subject: Subject | None,
    config: RunConfig,
    runs_dir: Path,
    *,
    backend: Check | None = None,
    others: Sequence[Check] = (),
) -> Preflight:
    """Every check for a run with this configuration on this bundle, within five seconds.

    `backend` says how the training packages stand; None looks for them. `others` are the asker's
    own, shown last.
    """
    installed = package_checks if backend is None else lambda: [backend]
    jobs = [
        Job(title="Training backend", look=installed),
        Job(title="Bundle", look=partial(bundle_checks, subject, config)),
        *container_jobs(subject, config),
        Job(title="Starting model", look=partial(model_checks, config)),
        Job(title="Warm start", look=partial(warm_start_checks, subject, config)),
        Job(title="Context", look=partial(context_checks, subject, config)),
        Job(title="Policy lag", look=partial(policy_lag_checks, config)),
        Job(title="Memory", look=partial(memory_checks, config)),
        Job(title="Engine", look=partial(engine_checks, config)),
        Job(title="Weight sync", look=partial(weight_sync_checks, config)),
        Job(title="Tracking", look=partial(tracking_checks, config)),
        Job(title="Disk", look=partial(disk_checks, config, runs_dir)),
    ]
    return Preflight(checks=(*with_one_host_enough(gathered(jobs)), *others))

"""The preflight of a run that is started in the studio: the backend's checks and two of our own.

What is looked at is `rl_backend.preflight`, which `corecraft train` asks too. It changes nothing.
"""

from collections.abc import Iterator
from pathlib import Path

from rl_backend.config import RunConfig
from rl_backend.preflight import look
from rl_backend.preflight.bundle import Subject
from rl_backend.preflight.checks import Check, CheckState, Preflight
from studio.repository.bundles import BundleVersion
from studio.services.backend import BackendState, BackendView
from studio.services.bundle_views import manifest_of, verify_version


def preflight(
    backend: BackendView,
    version: BundleVersion | None,
    config: RunConfig,
    runs_dir: Path,
    num_active: int,
) -> Preflight:
    """Every check for starting a run with this configuration on this version."""
    others = (*_deprecation(version), *_others(num_active))
    return look.preflight(
        None if version is None else _subject(version),
        config,
        runs_dir,
        backend=_backend(backend),
        others=others,
    )


def _subject(version: BundleVersion) -> Subject:
    found = verify_version(version)
    return Subject(
        path=Path(version.path),
        digest=version.digest,
        manifest=manifest_of(version),
        num_files=found.num_files,
        faults=found.faults,
    )


def _backend(backend: BackendView) -> Check:
    title = "Training backend"
    if backend.is_ready:
        return Check(title=title, state=CheckState.GOOD, text="installed")
    hint = {
        BackendState.INSTALLING: "Wait until it is done; the runs page shows how far it is.",
        BackendState.UNSUPPORTED: "Train on a machine that can hold it.",
    }.get(backend.state, "Install it on the runs page.")
    return Check(title=title, state=CheckState.BAD, text=backend.message, hint=hint)


def _deprecation(version: BundleVersion | None) -> Iterator[Check]:
    if version is not None and version.deprecation is not None:
        text = f"{version.version} is deprecated: {version.deprecation.reason}"
        hint = "Train on another version, unless you know better."
        yield Check(title="Version", state=CheckState.WARN, text=text, hint=hint)


def _others(num_active: int) -> Iterator[Check]:
    if num_active:
        hint = "Both get slower, and their memory adds up."
        text = "1 is under way" if num_active == 1 else f"{num_active} are under way"
        yield Check(title="Other runs", state=CheckState.WARN, text=text, hint=hint)

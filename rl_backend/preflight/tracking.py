"""The check of the libraries that a run's trackers need."""

from __future__ import annotations

from collections.abc import Iterator

from rl_backend.config import RunConfig
from rl_backend.preflight.checks import Check, CheckState
from rl_backend.tracking.kinds import is_installed, pip_command

TITLE = "Tracking"


def tracking_checks(config: RunConfig) -> Iterator[Check]:
    """One for each tracker; none when none is chosen. No server is asked anything."""
    place = "online" if config.tracking.online else "in the run directory"
    for kind in config.tracking.kinds:
        if is_installed(kind):
            text = f"{kind.value} is installed; figures go to it {place}"
            yield Check(title=TITLE, state=CheckState.GOOD, text=text)
            continue
        hint = f"Run `{pip_command(kind)}`, or take it out of tracking.kinds."
        text = f"{kind.value} is not installed"
        yield Check(title=TITLE, state=CheckState.BAD, text=text, hint=hint)

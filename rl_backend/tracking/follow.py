"""Follows a run's `metrics.jsonl` and hands every record to its trackers.

Each tracker has a thread, and a place in the file that it remembers in the run directory: training
never waits for it, nothing is queued in memory, and a process that was killed loses no figure. The
first failure of a tracker is told in the run's history and ends that tracker, not the run.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rl_backend.jsonl import replace_text
from rl_backend.records import EventKind, RunState
from rl_backend.rundir import RunDir
from rl_backend.tracking.base import Tracked, Tracker
from rl_backend.tracking.kinds import opened
from rl_backend.tracking.secrets import settings_without_secrets, without_secrets
from rl_backend.tracking_config import TrackerKind

LOOK_S = 1.0
"""Seconds between looks at the file."""
LAST_WORDS_S, LAST_WORDS_STOPPED_S = 30.0, 1.5
"""Seconds that trackers get together at the end of a run, and of one that was stopped."""

_log = logging.getLogger(__name__)
OpenKind = Callable[[TrackerKind, Tracked], Tracker]


@contextmanager
def followed(
    run: RunDir, state: Callable[[], RunState], *, open_kind: OpenKind = opened
) -> Iterator[None]:
    """Has the configured trackers follow the run inside the block.

    `state` says after the block how the run ended. Leaves after a bounded time, come what may.
    """
    followers = [Follower(run, kind, open_kind) for kind in run.config().tracking.kinds]
    is_failed = True
    try:
        yield
        is_failed = False
    finally:
        _dismiss(followers, RunState.FAILED if is_failed else state())


def _dismiss(followers: Sequence[Follower], state: RunState) -> None:
    patience = LAST_WORDS_STOPPED_S if state is RunState.STOPPED else LAST_WORDS_S
    end = time.monotonic() + patience
    for follower in followers:
        follower.finish(state)
    for follower in followers:
        follower.wait(max(0.0, end - time.monotonic()))


class Follower:
    """One tracker of a run, from now on in a thread."""

    def __init__(self, run: RunDir, kind: TrackerKind, open_kind: OpenKind) -> None:
        self._run, self._kind, self._open = run, kind, open_kind
        self._folder = run.path / "tracking" / kind.value
        self._place = self._folder / "offset"
        self._end = threading.Event()
        self._state = RunState.STOPPED
        # A daemon: a library that hangs keeps no process alive.
        self._thread = threading.Thread(target=self._work, name=f"to {kind.value}", daemon=True)
        self._thread.start()

    def finish(self, state: RunState) -> None:
        """Asks for the last figures to be sent and the tracker to be closed."""
        self._state = state
        self._end.set()

    def wait(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            self._warn("did not end in time; a resumed run sends what it missed")

    def _work(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            tracker = self._open(self._kind, tracked(self._run, self._folder))
            is_last = False
            while not is_last:
                is_last = self._end.wait(LOOK_S)
                self._send(tracker)
            tracker.close(self._state)
        except Exception as error:
            text = without_secrets(f"{type(error).__name__}: {error}".strip().splitlines()[0])
            self._warn(f"failed and gets no more figures; they are in the run directory ({text})")

    def _send(self, tracker: Tracker) -> None:
        offset = int(self._place.read_text()) if self._place.exists() else 0
        for record, end in self._run.metrics_after(offset):
            tracker.log(record)
            replace_text(self._place, str(end), is_durable=False)

    def _warn(self, what: str) -> None:
        text = f"tracking with {self._kind.value} {what}"
        _log.warning("%s", text)
        step = self._run.stored_status().step
        self._run.append_event(EventKind.WARNING, step, text)


def tracked(run: RunDir, folder: Path) -> Tracked:
    """The run as trackers are told of it."""
    config = run.config()
    wanted = config.tracking
    born = f"{run.id} {run.stored_status().created_at.isoformat()}"
    settings: Any = settings_without_secrets(config.model_dump(mode="json"))
    bundle = run.bundle()
    label = f"{bundle.name} {bundle.version} {bundle.digest}"
    return Tracked(
        id=hashlib.sha256(born.encode()).hexdigest()[:32],
        name=wanted.run_name or run.id,
        project=wanted.project,
        folder=folder.absolute(),
        is_online=wanted.online,
        config={**settings, "bundle": label},
    )

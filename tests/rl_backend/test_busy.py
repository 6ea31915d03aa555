"""A clock over several things at once."""

from contextlib import suppress

import pytest

from rl_backend.busy import BusyClock


def test_what_overlaps_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("rl_backend.busy.time.monotonic", lambda: now[0])
    clock = BusyClock()
    with clock.running():
        now[0] = 2.0
        with clock.running():
            now[0] = 5.0
            assert clock.seconds == 5.0
        now[0] = 6.0
    now[0] = 10.0
    assert clock.seconds == 6.0
    with suppress(ValueError), clock.running():
        now[0] = 11.0
        raise ValueError("broken")
    now[0] = 20.0
    assert clock.seconds == 7.0

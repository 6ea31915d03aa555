"""A clip bound that follows what the updates report: "adaptive clipping" taken at its word.

The paper names adaptive clipping and gives neither formula nor value. Its likely meaning, DAPO's
separate bounds, is `PolicyObjective`; this is the literal reading, an option that is off by default
and our own rule: after each update `clip_high` grows or shrinks by a factor, within limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rl_backend.objective_kinds import ClipSignal


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveClip:
    """clip_high <- clip_high * exp(gain * error), within [lowest, highest]."""

    signal: ClipSignal = ClipSignal.OFF
    target: float = 0.0
    gain: float = 0.1
    """Change of log(clip_high) per unit of relative error."""
    lowest: float = 0.1
    highest: float = 0.5

    def __post_init__(self) -> None:
        if self.signal is not ClipSignal.OFF and self.target <= 0:
            raise ValueError(f"the target of an adaptive clip must be above 0, got {self.target}")
        if not 0 < self.lowest <= self.highest:
            raise ValueError(
                f"the limits of an adaptive clip must rise, got {self.lowest} and {self.highest}"
            )

    def after(self, clip_high: float, measured: float | None) -> float:
        """The next bound; unchanged when nothing was measured.

        The error is relative to the target and bounded by 1, so one odd update moves it little.

        >>> steer = AdaptiveClip(signal=ClipSignal.ENTROPY, target=1.0, gain=0.1)
        >>> round(steer.after(0.28, 0.5), 4), round(steer.after(0.28, 3.0), 4)
        (0.2944, 0.2534)
        """
        if self.signal is ClipSignal.OFF or measured is None or not math.isfinite(measured):
            return clip_high
        error = max(-1.0, min(1.0, (measured - self.target) / self.target))
        towards = error if self.signal is ClipSignal.CLIP_FRACTION else -error
        return max(self.lowest, min(self.highest, clip_high * math.exp(self.gain * towards)))

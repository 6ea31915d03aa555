"""What can go wrong in training and measuring, named by the boundary that failed.

A failure at any of these boundaries is recorded with its reason and is never scored: no reward,
metric or gradient comes from it. A new boundary is one more subclass of `BackendError`. Wrong input
(a broken world, bundle or configuration) has its own exceptions beside what it is about.
"""


class BackendError(Exception):
    """Something outside the policy's answer failed.

    `what` says what happened, `hint` what to do about it; the text shows both.
    """

    def __init__(self, what: str, *, hint: str) -> None:
        super().__init__(f"{what} {hint}")
        self.what = what
        self.hint = hint


ENGINE_ABORTED = "The engine aborted the request."
"""How the detail of a rollout begins whose request the engine gave up."""


class PolicyError(BackendError):
    """The policy could not take its turn, though its engine answered."""


class ToolFailure(BackendError):
    """A tool itself broke; a call that the tool refused is an ordinary tool result instead."""


class WorldRuntimeError(BackendError):
    """The runtime that hosts the worlds failed: it did not start, answer or reset."""


class JudgeError(BackendError):
    """A judge gave no verdict; the rollout stays unscored."""


class EngineError(BackendError):
    """The inference engine failed: it died, did not answer, or answered nonsense."""


class EngineUnavailable(EngineError):
    """An engine cannot serve, whatever it is asked: another one might do the same request."""


class TrainerError(BackendError):
    """The trainer failed: a rank died, a checkpoint does not load, a loss is not finite."""


class BudgetError(BackendError):
    """A limit that was set in advance (money, tokens, time) is used up."""

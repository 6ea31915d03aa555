"""Runs a Python operation: its code in a sandbox, its questions answered here, one by one.

The code never gets the state. It asks for entities, and asks to create and update them; what it may
ask for, and how that is done, `python_answers` says.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from world_builder.errors import PythonError, StateError, UnknownName
from world_builder.frozen import Json
from world_builder.ids import canonical_json
from world_builder.operations import Python
from world_builder.refusals import Refusal
from world_builder.sandbox.outcome import Desk
from world_builder.state import WorldState
from world_builder.tools import ToolErrorCode

if TYPE_CHECKING:
    from world_builder.sandbox.pool import SandboxPool

Answers: TypeAlias = Mapping[str, Callable[..., Any]]
"""What a call may ask for, by name."""

_MOST_LEVELS = 64

_REFUSALS = {
    code.value: code
    for code in (
        ToolErrorCode.NOT_FOUND,
        ToolErrorCode.PRECONDITION_FAILED,
        ToolErrorCode.INVALID_VALUE,
    )
}


def run_python(
    operation: Python, arguments: dict[str, Json], state: WorldState, answers: Answers
) -> dict[str, Json]:
    """The result of the function. Raises Refusal, PythonError or SandboxError."""
    order = {
        "source": operation.source,
        "time_limit_ms": operation.time_limit_ms,
        "arguments": arguments,
        "now": state.now.isoformat(),
        "seed": _seed(operation, arguments, state),
    }
    outcome = _sandboxes().call(order, _desk(answers))
    if outcome.is_out_of_time:
        message = f"timed out after {operation.time_limit_ms} ms of work; nothing was changed"
        raise Refusal(ToolErrorCode.TIMED_OUT, message)
    if outcome.refused is not None:
        raise _refusal(*outcome.refused)
    if outcome.failed:
        raise PythonError(outcome.failed)
    if not isinstance(outcome.result, dict):
        raise PythonError("`run` must return a dict")
    if not _is_shallow(outcome.result, _MOST_LEVELS):
        raise PythonError(f"its result is nested more than {_MOST_LEVELS} levels deep")
    return outcome.result


def _is_shallow(value: Json, most: int) -> bool:
    """Records of calls take no more than some two hundred levels."""
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return most > 0 and all(_is_shallow(item, most - 1) for item in inner)


def _seed(operation: Python, arguments: dict[str, Json], state: WorldState) -> int:
    """The same for the same world, code and arguments."""
    text = canonical_json([state.base.world.seed, operation.source, arguments])
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def _desk(answers: Answers) -> Desk:
    def desk(what: str, details: list[Any]) -> dict[str, Any]:
        if what not in answers:
            return {"error": f"nothing is known of {what!r}"}
        try:
            return {"value": answers[what](*details)}
        except Refusal as refusal:
            return {"refused": [refusal.code.value, str(refusal)]}
        except (StateError, UnknownName, TypeError, ValueError) as error:
            return {"error": str(error)}

    return desk


def _refusal(code: str, message: str) -> Exception:
    if code not in _REFUSALS:
        return PythonError(f"it refused the call with {code!r}")
    return Refusal(_REFUSALS[code], message)


def _sandboxes() -> "SandboxPool":
    """Imported late: a world without Python tools never needs them, and starts sooner."""
    from world_builder.sandbox.pool import shared

    return shared()

"""Exceptions of the world package, named by what was broken.

`WorldError` is the root. A bad tool call is never an exception of this kind: the engine answers it
with a `ToolResult` the agent can act on.
"""


class WorldError(Exception):
    """A world, or something asked of it, is wrong; the message says what to mend."""


class ExpressionError(WorldError):
    """A CEL expression does not compile, or failed while it ran."""


class StateError(WorldError):
    """An operation on a `WorldState` that its data do not allow."""


class UnknownName(WorldError):
    """A type, tool, task or policy was named that the world does not have."""


class PythonError(WorldError):
    """The code of a Python tool failed while it ran: its author's fault."""


class SandboxError(WorldError):
    """Python tools cannot run here, or the machine failed them: no call was answered by it.

    Never a result: who runs calls reports it as a failure of the surroundings.
    """

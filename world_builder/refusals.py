"""The exception of a call that is refused: `engine` makes a tool error of it."""

from world_builder.errors import WorldError
from world_builder.tools import ToolErrorCode


class Refusal(WorldError):
    """The call cannot be done as asked; the message tells the agent what to mend."""

    def __init__(self, code: ToolErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code

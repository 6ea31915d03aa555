"""Tasks: what a requester asks, how it starts, how it is scored and how it is solved.

Built by authors in the studio or by a world's own code; frozen into `tasks/<id>.json` of a bundle,
with the reference solution kept apart in `solutions/<id>.json`.
"""

from enum import StrEnum

from pydantic import AwareDatetime
from pydantic import Field as Declared

from world_builder.diff import Patch
from world_builder.frozen import Frozen
from world_builder.ids import SLUG_PATTERN
from world_builder.rubrics import Rubric
from world_builder.tools import ToolCall


class Category(StrEnum):
    """The four kinds of task. Source: paper section 3.3."""

    INFORMATION_RETRIEVAL = "information_retrieval"
    COMMUNICATION = "communication"
    REASONING = "reasoning"
    MULTI_STEP_WORKFLOW = "multi_step_workflow"


class Difficulty(StrEnum):
    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"
    EXPERT = "expert"


class Split(StrEnum):
    TRAIN = "train"
    HELD_OUT = "held_out"


class TaskStatus(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    RETIRED = "retired"


class Start(Frozen):
    """How a rollout of a task begins: all that an environment needs to know of the task."""

    tool_surface: str = "default"
    start_state: tuple[Patch, ...] = ()
    now: AwareDatetime | None = None
    """The world clock; None uses the world's."""


class ReferenceSolution(Frozen):
    """A recorded right answer: the calls, in order, and the final response."""

    calls: tuple[ToolCall, ...] = ()
    response: str
    expects_refusals: bool = False
    """True when the world is meant to refuse some of the calls; else a refused call is a fault."""


class Task(Frozen):
    """One thing to do in the world, and how it is scored."""

    id: str = Declared(pattern=SLUG_PATTERN)
    title: str
    category: Category
    difficulty: Difficulty = Difficulty.EASY
    tags: tuple[str, ...] = ()
    scenario: str = ""
    """The scenario it is a variation of; empty when it stands alone."""
    split: Split = Split.TRAIN
    prompt: str = Declared(min_length=1)
    intent: str = ""
    """What the requester wants and why; never shown to a policy."""
    system_prompt: str
    """The name of a policy document."""
    tool_surface: str = "default"
    start_state: tuple[Patch, ...] = ()
    now: AwareDatetime | None = None
    """The world clock for this task; None uses the world's."""
    max_turns: int = Declared(default=10, ge=1, le=200)
    rubric: Rubric
    reference_solution: ReferenceSolution | None = None
    """None while a task is a draft, and where solutions are withheld (environment servers)."""
    author: str = ""
    status: TaskStatus = TaskStatus.DRAFT

    @property
    def start(self) -> Start:
        """What an environment is told of this task; no prompt, rubric or solution."""
        return Start(tool_surface=self.tool_surface, start_state=self.start_state, now=self.now)

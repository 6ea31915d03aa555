"""Reference solutions as training samples: what a policy would have sampled, had it known.

Each solution is replayed in its world and written token by token as a rollout is: the opening
messages, the assistant's turns (these carry loss), the tools' answers between them. Only tasks of
the training split are ever taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rl_backend.chat_messages import as_chat, as_function
from rl_backend.chat_template import ChatTemplate
from rl_backend.renderer import Renderer
from rl_backend.runtimes.base import OfferedTool
from rl_backend.samples import demonstration_sample
from rl_backend.types import TrainingSample
from world_builder.frozen import Json
from world_builder.replay import replay
from world_builder.state import WorldBase
from world_builder.tasks import Split, Task
from world_builder.trajectory import Message, Role, Trajectory

MOST_NAMED = 3


class DemonstrationError(ValueError):
    """Demonstrations cannot be made; the message says what is missing."""


def demonstrations(
    base: WorldBase, tasks: Iterable[Task], renderer: Renderer, *, context_length: int
) -> tuple[TrainingSample, ...]:
    """One sample per training task with a reference solution, in the order of the tasks.

    Raises:
        DemonstrationError: there is none, or one does not fit the context.
    """
    samples = tuple(
        demonstration(base, task, trajectory, renderer) for task, trajectory in solved(base, tasks)
    )
    too_long = [s.task_id for s in samples if len(s.token_ids) > context_length]
    if too_long:
        longest = max(len(s.token_ids) for s in samples)
        named = ", ".join(too_long[:MOST_NAMED]) + (", ..." if len(too_long) > MOST_NAMED else "")
        raise DemonstrationError(
            f"{len(too_long)} of {len(samples)} demonstrations ({named}) are longer than "
            f"model.context_length ({context_length}); set it to {longest} or more"
        )
    return samples


def solved(base: WorldBase, tasks: Iterable[Task]) -> tuple[tuple[Task, Trajectory], ...]:
    """The training tasks that have a reference solution, each with its replay.

    Raises:
        DemonstrationError: there is none.
    """
    found = tuple(
        (task, replay(base, task, task.reference_solution))
        for task in tasks
        if task.split is Split.TRAIN and task.reference_solution is not None
    )
    if not found:
        raise DemonstrationError(
            "no task of the training split has a reference solution, so there is nothing to "
            "imitate; export the bundle with solutions, or give model.path"
        )
    return found


def demonstration(
    base: WorldBase, task: Task, trajectory: Trajectory, renderer: Renderer
) -> TrainingSample:
    """A replayed solution as a sample; loss on the assistant's tokens, the turn's end included."""
    tools = offered_tools(base, task)
    opening = next(i for i, m in enumerate(trajectory.messages) if m.role is Role.ASSISTANT)
    tokens = renderer.opening(trajectory.messages[:opening], tools)
    mask = [False] * len(tokens)
    for start, end in _turns(trajectory.messages):
        said = _said(renderer, trajectory.messages[: start + 1], tools)
        tokens += said
        mask += [True] * len(said)
        if results := trajectory.messages[start + 1 : end]:
            delta = renderer.tool_delta(results, said[-1])
            tokens += delta
            mask += [False] * len(delta)
    return demonstration_sample(
        task_id=task.id, rollout_id=f"reference/{task.id}", token_ids=tokens, loss_mask=mask
    )


def offered_tools(base: WorldBase, task: Task) -> tuple[OfferedTool, ...]:
    """The tools of a task as a policy is told of them."""
    return tuple(map(OfferedTool.of, base.world.surface_tools(task.tool_surface)))


def corpus(base: WorldBase, tasks: Iterable[Task], template: ChatTemplate) -> tuple[str, ...]:
    """The texts of all solved training tasks, for a tokenizer to learn from."""
    return tuple(
        template.render(
            [as_chat(message) for message in trajectory.messages],
            [as_function(tool) for tool in offered_tools(base, task)],
            is_prompt=False,
        )
        for task, trajectory in solved(base, tasks)
    )


def _turns(messages: Sequence[Message]) -> list[tuple[int, int]]:
    """Where each assistant message is, and where the next one or the end is."""
    starts = [i for i, message in enumerate(messages) if message.role is Role.ASSISTANT]
    return list(zip(starts, [*starts[1:], len(messages)], strict=True))


def _said(
    renderer: Renderer, messages: Sequence[Message], tools: Sequence[OfferedTool]
) -> list[int]:
    """What the policy would sample to say the last of the messages: up to the end of its turn."""
    functions = [as_function(tool) for tool in tools]
    chats: list[dict[str, Json]] = [as_chat(message) for message in messages]
    before = renderer.template.render(chats[:-1], functions, is_prompt=True)
    after = renderer.template.render(chats, functions, is_prompt=False)
    if not after.startswith(before):
        raise DemonstrationError("the chat template rewrites earlier turns; it cannot be imitated")
    tokens = renderer.encode(after[len(before) :])
    ends = [i for i, token in enumerate(tokens) if token in renderer.stop_ids]
    if not ends:
        raise DemonstrationError("the chat template does not end an assistant's turn with a stop")
    return tokens[: ends[0] + 1]

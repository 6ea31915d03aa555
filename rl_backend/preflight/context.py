"""The check of the context: does a dialogue of the bundle fit into one row of tokens?

Reference solutions of some training tasks are replayed and their text is measured; what a token
holds is a rule of thumb. No code of a world runs here: where tools are Python, only the openings
are measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from exporter.bundle import Bundle
from exporter.errors import BundleError
from rl_backend.chat_messages import as_chat, as_function
from rl_backend.config import RunConfig
from rl_backend.preflight.bundle import Subject
from rl_backend.preflight.checks import Check, CheckState
from rl_backend.runtimes.base import OfferedTool
from rl_backend.tiny_template import made_template
from world_builder.operations import Python
from world_builder.replay import opening, replay
from world_builder.state import WorldBase
from world_builder.tasks import Split, Task
from world_builder.trajectory import Message
from world_builder.world import World

TITLE = "Context"
NUM_TASKS = 24
"""Training tasks that are looked at, spread over the split."""
MADE_CHARS, MODEL_CHARS = 2.6, 3.5
"""Characters a token, of a made tokenizer (2.1 to 3.0 were counted on the shipped worlds) and of
one that a model brings."""
ROUGHLY = 1.2
"""How far above the limit the estimate must be to be believed."""
ROOM, STEP = 1.25, 512
"""What is proposed: so many times what was found, in steps of so many tokens."""


def context_checks(subject: Subject | None, config: RunConfig) -> Iterator[Check]:
    """Whether rollouts, and the demonstrations of a warm start, fit `model.context_length`."""
    if subject is None or subject.manifest is None or not subject.manifest.splits.train:
        return
    per_token = MADE_CHARS if config.model.path is None else MODEL_CHARS
    try:
        tokens = round(longest_dialogue(subject.path, subject.digest) / per_token)
    except BundleError:  # the bundle's own check says so
        return
    text = (
        f"a row has {config.model.context_length:,} tokens, the longest of some dialogues takes "
        f"about {tokens:,}"
    )
    if tokens <= config.model.context_length:
        yield Check(title=TITLE, state=CheckState.GOOD, text=text)
        return
    is_certain = tokens > config.model.context_length * ROUGHLY
    is_bad = is_certain and _shows_whole_dialogues(config)
    hint = f"Set model.context_length to {_proposed(tokens)}; longer dialogues are cut off."
    yield Check(
        title=TITLE, state=CheckState.BAD if is_bad else CheckState.WARN, text=text, hint=hint
    )


@lru_cache(16)
def longest_dialogue(path: Path, digest: str) -> int:
    """Characters of the longest of some training tasks' dialogues; `digest` keys what is kept."""
    del digest
    world = Bundle.open(path).world
    base, tasks = WorldBase(world), world.tasks_in(Split.TRAIN)
    some = tasks[:: math.ceil(len(tasks) / NUM_TASKS)]
    return max(
        (_characters(base, task, is_whole=not _has_python(world)) for task in some), default=0
    )


def _characters(base: WorldBase, task: Task, *, is_whole: bool) -> int:
    """Of the dialogue of a task, its tools' descriptions included."""
    messages: tuple[Message, ...] = opening(base, task)
    if is_whole and task.reference_solution is not None:
        messages = replay(base, task, task.reference_solution).messages
    tools = map(OfferedTool.of, base.world.surface_tools(task.tool_surface))
    text = made_template().render(
        [as_chat(message) for message in messages], [as_function(t) for t in tools], is_prompt=True
    )
    return len(text)


def _has_python(world: World) -> bool:
    return any(isinstance(tool.operation, Python) for tool in world.tools)


def _shows_whole_dialogues(config: RunConfig) -> bool:
    """Whether a warm start would be refused for a dialogue that does not fit."""
    return config.warm_start.num_steps > 0 and config.warm_start.source == "solutions"


def _proposed(tokens: int) -> int:
    return math.ceil(tokens * ROOM / STEP) * STEP

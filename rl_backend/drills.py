"""Short exercises in reading: find what was asked for and say it again, letter by letter.

A model made from scratch learns the turns of a shop long before it learns to copy an id that it
never saw, and until then every answer is wrong. Rows of a hundred random tokens teach copying at a
fraction of the cost of whole dialogues. They know no world: keys and values are made of random
syllables and digits.
"""

from __future__ import annotations

import json
from random import Random

from rl_backend.renderer import Renderer
from rl_backend.samples import demonstration_sample
from rl_backend.types import TrainingSample
from world_builder.frozen import Json
from world_builder.trajectory import Message, Role

_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnprstvwz"
_KEYS = ("id", "name", "title", "total", "date", "city", "status", "owner", "code", "email")
_PAIRS = (3, 6)
"""Least and most facts of an exercise."""


def drill(renderer: Renderer, rng: Random, name: str) -> TrainingSample:
    """One exercise: facts, a question about one or two of them, the answer."""
    keys = rng.sample(_KEYS, rng.randint(*_PAIRS))
    facts: dict[str, Json] = {key: _value(rng) for key in keys}
    wanted = rng.sample(keys, rng.choice((1, 1, 2)))
    shown = json.dumps(facts, separators=(",", ":")) if rng.random() < 0.5 else _listed(facts)
    messages = [Message(role=Role.USER, content=f"{shown}\n{', '.join(wanted)}?")]
    answer = "; ".join(str(facts[key]) for key in wanted)
    prompt = renderer.opening(messages, ())
    said = [*renderer.encode(answer), *sorted(renderer.stop_ids)[:1]]
    return demonstration_sample(
        task_id="drill",
        rollout_id=name,
        token_ids=[*prompt, *said],
        loss_mask=[False] * len(prompt) + [True] * len(said),
    )


def _listed(facts: dict[str, Json]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in facts.items())


def _value(rng: Random) -> str:
    match rng.randrange(5):
        case 0:
            return f"{_word(rng, 1)[:3]}-{rng.randrange(10 ** rng.randint(2, 5))}"
        case 1:
            return f"{_word(rng).title()} {_word(rng).title()}"
        case 2:
            return f"${rng.randrange(1000)}.{rng.randrange(100):02}"
        case 3:
            return f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        case _:
            return " ".join(_word(rng) for _ in range(rng.randint(1, 3)))


def _word(rng: Random, least: int = 2) -> str:
    syllables = (
        rng.choice(_CONSONANTS) + rng.choice(_VOWELS) + rng.choice(("", "", rng.choice("nrslt")))
        for _ in range(rng.randint(least, 4))
    )
    return "".join(syllables)

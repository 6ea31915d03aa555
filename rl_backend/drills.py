"""Short exercises in reading: find what was asked for and say it again, letter by letter.

A model made from scratch learns the turns of a shop long before it learns to copy an id that it
never saw, and until then every answer is wrong. Rows of a hundred random tokens teach copying at a
fraction of the cost of whole dialogues. They know no world: keys and values are made of random
syllables and digits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import TypeAlias

from rl_backend.renderer import Renderer
from rl_backend.samples import demonstration_sample
from rl_backend.types import TrainingSample
from world_builder.frozen import Json
from world_builder.trajectory import Message, Role

Facts: TypeAlias = dict[str, Json]

_VOWELS, _CONSONANTS = "aeiou", "bcdfghjklmnprstvwz"
_KEYS = ("id", "name", "title", "city", "status", "owner", "code", "email")
_CENTS, _DATE, _COUNT, _ADDRESS = "cents", "date", "count", "address"
_EXTRA = (_CENTS, _DATE, _COUNT, _ADDRESS)


def drill(renderer: Renderer, rng: Random, name: str, *, progress: float = 1.0) -> TrainingSample:
    """One exercise; `progress` in [0, 1] says how far the course is: it begins with echoes."""
    make = _echo if rng.random() < 1 - progress else rng.choice((_recall, _recall, _look_up))
    question, answer = make(rng)
    prompt = renderer.opening([Message(role=Role.USER, content=question)], ())
    said = [*renderer.encode(answer), *sorted(renderer.stop_ids)[:1]]
    return demonstration_sample(
        task_id="drill",
        rollout_id=name,
        token_ids=[*prompt, *said],
        loss_mask=[False] * len(prompt) + [True] * len(said),
    )


def _echo(rng: Random) -> tuple[str, str]:
    """Some values; the same again."""
    facts = _facts(rng, _some_keys(rng, 3, 6))
    shown = "; ".join(_said(*fact) for fact in facts.items())
    return shown, shown


def _recall(rng: Random) -> tuple[str, str]:
    """Some facts under their names; the wanted ones again, as they were asked for."""
    facts = _facts(rng, _some_keys(rng, 3, 6))
    wanted = rng.sample(list(facts), rng.randint(2, len(facts)))
    return _asked(rng, [facts], ", ".join(wanted), facts, wanted)


def _look_up(rng: Random) -> tuple[str, str]:
    """A list of alike things; everything about the one that has a certain value."""
    keys = _some_keys(rng, 2, 3)
    things = [_facts(rng, keys) for _ in range(rng.randint(2, 4))]
    thing, by = rng.choice(things), rng.choice(keys)
    return _asked(rng, things, f"{by} {_said(by, thing[by])}", thing, keys)


def _asked(
    rng: Random, things: Sequence[Facts], what: str, answer: Facts, wanted: Sequence[str]
) -> tuple[str, str]:
    """A question about things, which says how it wants its answer, and the answer."""
    said = {key: _said(key, answer[key]) for key in wanted}
    shown = f"{_written(rng, things)}\n{what}"
    if rng.random() < 0.5:
        return f"{shown} as JSON?", json.dumps(said)
    return f"{shown}?", "; ".join(f"{key} {text}" for key, text in said.items())


def _some_keys(rng: Random, least: int, most: int) -> list[str]:
    """Different keys, values that begin with a digit among them more often than not."""
    keys = rng.sample(_KEYS, rng.randint(least, most))
    extra = rng.sample(_EXTRA, rng.randint(0, 2))
    keys[: len(extra)] = [f"{rng.choice(_KEYS)}_{kind}" for kind in extra]
    return list(dict.fromkeys(keys))


def _facts(rng: Random, keys: Sequence[str]) -> Facts:
    return {key: _value(rng, key) for key in keys}


def _written(rng: Random, things: Sequence[Facts]) -> str:
    """As a tool would answer, or as lines of text."""
    if rng.random() < 0.75:
        shown: Json = list(things) if len(things) > 1 else things[0]
        return json.dumps(shown, separators=(",", ":"))
    return "\n".join("; ".join(f"{k} {_said(k, v)}" for k, v in facts.items()) for facts in things)


def _said(key: str, value: Json) -> str:
    """A value as people write it.

    >>> _said("total_cents", 1240)
    '$12.40'
    """
    if isinstance(value, int) and key.endswith(_CENTS):
        return f"${value // 100}.{value % 100:02}"
    return str(value)


def _value(rng: Random, key: str) -> Json:
    if key.endswith(_CENTS):
        return rng.randrange(10 ** rng.randint(2, 5))
    if key.endswith(_DATE):
        return f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    if key.endswith(_COUNT):
        return rng.randrange(10 ** rng.randint(1, 2))
    if key.endswith(_ADDRESS):
        street, kind, town = (_word(rng).title() for _ in range(3))
        return f"{rng.randint(1, 99)} {street} {kind}, {town}"
    match rng.randrange(3):
        case 0:
            return f"{_word(rng, 1)[:3]}-{rng.randrange(10 ** rng.randint(2, 5))}"
        case 1:
            return f"{_word(rng).title()} {_word(rng).title()}"
        case _:
            return " ".join(_word(rng) for _ in range(rng.randint(1, 3)))


def _word(rng: Random, least: int = 2) -> str:
    syllables = (
        rng.choice(_CONSONANTS) + rng.choice(_VOWELS) + rng.choice(("", "", rng.choice("nrslt")))
        for _ in range(rng.randint(least, 4))
    )
    return "".join(syllables)

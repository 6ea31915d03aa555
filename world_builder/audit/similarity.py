"""The audit of prompts: no two read alike.

Two prompts are compared by their distinct 5-grams of words, with everything quoted from the world
(numbers, dates, ids, e-mail addresses, names and titles) masked. Their share is the number of
5-grams they have in common divided by the smaller prompt's.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from world_builder.audit.report import AuditFailure, AuditReport
from world_builder.audit.solutions import OnTask
from world_builder.entities import Field, FieldKind
from world_builder.facts import passages_in
from world_builder.frozen import Json
from world_builder.phrases import PhraseBook
from world_builder.tasks import Task
from world_builder.workbench import Workbench
from world_builder.world import World

MAX_SHARE = 0.6
"""Prompts that share more of their 5-grams are near copies."""
MAX_NEAR_PAIRS = 0.1
"""Of the pairs within a scenario, fewer than this share may be near copies."""
_SIZE = 5
_MASK = "\0"
_MIN_WORDS = 3
_MIN_PHRASE_LENGTH = 3
_NUM_NEAREST = 10
_WORD = re.compile(r"\0|[^\W_]+(?:['’][^\W_]+)*")
_QUOTED = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|\b[\w-]*\d[\w.-]*\b")

Gram = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two prompts and how much they have in common."""

    first: Task
    second: Task
    share: float
    """Common distinct 5-grams by those of the smaller prompt, in [0, 1]."""

    @property
    def is_within_scenario(self) -> bool:
        return bool(self.first.scenario) and self.first.scenario == self.second.scenario

    def __str__(self) -> str:
        return f"{self.share:.0%} shared by {self.first.id} and {self.second.id}"


def audit_similarity(bench: Workbench, on_task: OnTask) -> AuditReport:
    """Prompts differ in more than the facts they quote. Nearest pairs are its observations."""
    tasks = bench.world.tasks
    pairs = sorted(similar_pairs(bench.world, on_task), key=lambda pair: -pair.share)
    across = [pair for pair in pairs if not pair.is_within_scenario]
    within = [p for p in pairs if p.is_within_scenario and p.share > MAX_SHARE]
    copies = [pair for pair in across if pair.share > MAX_SHARE]
    crowded = tuple(_crowded(tasks, within))
    failures = (*(_copy_failure(pair) for pair in copies), *crowded)
    return AuditReport(
        name="similarity",
        is_met=not failures,
        detail=f"{len(copies)} near copies across scenarios, {len(within)} within; "
        f"{len(crowded)} scenarios have too many",
        failures=failures,
        observations=tuple(map(str, (*across[:_NUM_NEAREST], *within[:_NUM_NEAREST]))),
    )


def similar_pairs(world: World, on_task: OnTask = lambda: None) -> Iterator[Pair]:
    """Every pair of tasks whose prompts have a 5-gram in common."""
    book = quoted_phrases(world)
    seen: list[tuple[Task, frozenset[Gram]]] = []
    holders: defaultdict[Gram, list[int]] = defaultdict(list)
    for task in world.tasks:
        grams = grams_of(task.prompt, book)
        common = Counter(chain.from_iterable(holders.get(gram, ()) for gram in grams))
        for i, num in common.items():
            other, other_grams = seen[i]
            smaller = min(len(grams), len(other_grams))
            yield Pair(first=other, second=task, share=num / smaller)
        for gram in grams:
            holders[gram].append(len(seen))
        seen.append((task, grams))
        on_task()


def grams_of(prompt: str, book: PhraseBook) -> frozenset[Gram]:
    """The distinct 5-grams of a prompt, quoted facts masked; of a shorter prompt all its words.

    >>> grams = grams_of("Where is ord-17, placed on 2025-09-03 by Ada?", PhraseBook(["Ada"]))
    >>> sorted(" ".join(g).replace(chr(0), "_") for g in grams)
    ['_ placed on _ by', 'is _ placed on _', 'placed on _ by _', 'where is _ placed on']
    """
    words = _words(masked(prompt, book))
    spans = [tuple(words[i : i + _SIZE]) for i in range(max(1, len(words) - _SIZE + 1))]
    telling = [gram for gram in spans if len(gram) - gram.count(_MASK) >= _MIN_WORDS]
    return frozenset(telling or [tuple(words)])


def masked(prompt: str, book: PhraseBook) -> str:
    """The prompt with each quoted fact replaced by one mark."""
    spans = [(p.start, p.end) for p in passages_in(prompt)]
    spans += book.find(prompt)
    spans += [match.span() for match in _QUOTED.finditer(prompt)]
    for start, end in reversed(_merged(spans)):
        prompt = f"{prompt[:start]}{_MASK}{prompt[end:]}"
    return prompt


def quoted_phrases(world: World) -> PhraseBook:
    """Ids, and the values of text fields: names, titles, addresses."""
    phrases: set[str] = set()
    for declared in world.entity_types:
        for record in world.entities.get(declared.name, ()):
            phrases.add(str(record["id"]))
            for field in declared.fields:
                phrases.update(_texts(field, record.get(field.name)))
    return PhraseBook(sorted(p for p in phrases if len(p) >= _MIN_PHRASE_LENGTH))


def _texts(field: Field, value: Json) -> Iterator[str]:
    if field.kind is FieldKind.TEXT and isinstance(value, str):
        yield value
    elif field.kind is FieldKind.LIST and field.item is not None and isinstance(value, list):
        for item in value:
            yield from _texts(field.item, item)
    elif field.kind is FieldKind.OBJECT and isinstance(value, dict):
        for part in field.fields:
            yield from _texts(part, value.get(part.name))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _words(text: str) -> list[str]:
    words: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if word != _MASK or not words or words[-1] != _MASK:
            words.append(word)
    return words


def _copy_failure(pair: Pair) -> AuditFailure:
    return AuditFailure(
        task_id=pair.second.id,
        message=f"its prompt shares {pair.share:.0%} of its 5-grams with {pair.first.id}",
        hint="word one of them otherwise",
    )


def _crowded(tasks: tuple[Task, ...], near: list[Pair]) -> Iterator[AuditFailure]:
    """One failure for each scenario in which too many pairs are near copies."""
    sizes = Counter(task.scenario for task in tasks if task.scenario)
    for scenario, num in sorted(Counter(pair.first.scenario for pair in near).items()):
        num_pairs = sizes[scenario] * (sizes[scenario] - 1) // 2
        if num / num_pairs >= MAX_NEAR_PAIRS:
            nearest = next(pair for pair in near if pair.first.scenario == scenario)
            yield AuditFailure(
                task_id=nearest.second.id,
                message=f"{num} of {num_pairs} pairs of prompts in scenario {scenario!r} are near "
                f"copies, such as {nearest.first.id} and {nearest.second.id}",
                hint="write more phrasings for it",
            )

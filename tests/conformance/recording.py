"""The recording: sequences, with short hashes of what was seen of each step and at the end.

One line of JSON for each sequence, compressed. Hashes rather than answers keep it small; they name
the call that answers otherwise, and running it again shows what it answers now.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Several
from pathlib import Path

from exporter.archive import gzip_bytes
from tests.conformance.types import Answer, Seen, Sequence
from world_builder.frozen import Frozen

RECORDING = Path(__file__).with_name("corecraft.jsonl.gz")
_LENGTH = 10
"""Hex digits of a hash."""


class Recorded(Frozen):
    """A sequence and the hashes of what was seen of it."""

    sequence: Sequence
    tools: str
    answers: tuple[str, ...]
    diff: str
    state: str

    @classmethod
    def of(cls, sequence: Sequence, seen: Seen) -> "Recorded":
        return cls(
            sequence=sequence,
            tools=_hash(seen.tools),
            answers=tuple(map(_hash_of_answer, seen.answers)),
            diff=_hash(seen.diff),
            state=_hash(seen.state_hash),
        )


def read(path: Path = RECORDING) -> tuple[Recorded, ...]:
    """The recorded sequences."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    return tuple(map(Recorded.model_validate_json, lines))


def write(recorded: Iterable[Recorded], path: Path = RECORDING) -> None:
    """Writes them; the same ones give the same bytes."""
    dumped = (each.model_dump(mode="json", exclude_defaults=True) for each in recorded)
    lines = [json.dumps(each, separators=(",", ":"), ensure_ascii=False) for each in dumped]
    path.write_bytes(gzip_bytes("".join(f"{line}\n" for line in lines).encode()))


def differences(recorded: Several[Recorded], seen: Several[Seen]) -> list[str]:
    """A line for each thing that is not as it was recorded."""
    pairs = zip(recorded, seen, strict=True)
    return [line for known, now in pairs for line in _differences(known, now)]


def _differences(known: Recorded, seen: Seen) -> Iterator[str]:
    name, now = known.sequence.name, Recorded.of(known.sequence, seen)
    if now.tools != known.tools:
        yield f"{name}: the tools of surface {known.sequence.start.tool_surface} are others"
    steps = zip(known.sequence.steps, known.answers, now.answers, seen.answers, strict=True)
    for number, (step, before, after, answer) in enumerate(steps, 1):
        if before != after:
            told = answer.text if len(answer.text) <= 160 else f"{answer.text[:157]}..."
            yield f"{name}: call {number}, {step.act} {step.call.tool}, now answers {told}"
    if now.diff != known.diff:
        yield f"{name}: the changes are others"
    elif now.state != known.state:
        yield f"{name}: the same changes, but another state: the data of the world are others"


def _hash_of_answer(answer: Answer) -> str:
    return _hash(f"{answer.is_error}\0{answer.error}\0{answer.text}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]

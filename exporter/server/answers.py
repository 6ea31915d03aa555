"""What a rollout remembers of its calls, so that a call that comes again is not made again.

Answers are kept as text, the newest ones only; of older writes it keeps that they were made. It
applies nothing; `rollouts` does.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from world_builder.ids import canonical_json
from world_builder.tools import ToolCall, ToolErrorCode, ToolResult, tool_error

MOST_ANSWERS: Final = 64
MOST_BYTES: Final = 32 * 1024
"""Of the text of remembered answers, in a rollout; the last one is kept whatever its size."""
MOST_WRITES: Final = 1024
"""Writes that are known by key alone once their answer is forgotten; the oldest go first."""

_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent reads, and whether it is an error."""

    text: str
    is_error: bool

    @classmethod
    def of(cls, result: ToolResult) -> "Answer":
        return cls(result.text, result.is_error)


@dataclass(frozen=True, slots=True)
class _Kept:
    fingerprint: bytes
    answer: Answer
    is_write: bool


class Answers:
    """The remembered calls of one rollout, by idempotency key."""

    __slots__ = ("_kept", "_num_bytes", "_writes")

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._writes: OrderedDict[bytes, bytes] | None = None
        """Fingerprints of forgotten writes by the digest of their key."""
        self._num_bytes = 0

    def known(self, key: str, call: ToolCall) -> Answer | None:
        """The answer to a call whose key was seen; None when the call is to be made."""
        kept = self._kept.get(key)
        fingerprint = None if kept is None else kept.fingerprint
        if fingerprint is None and self._writes:
            fingerprint = self._writes.get(_digest(key))
        if fingerprint is None:
            return None
        if fingerprint != _fingerprint(call):
            return _refused(call, f"the idempotency key {key!r} was used for another call")
        if kept is None:
            return _refused(call, f"the call of {key!r} was made; its answer is no longer kept")
        return kept.answer

    def keep(self, key: str, call: ToolCall, answer: Answer, *, is_write: bool) -> None:
        """Remembers the answer to a call that was made, and forgets old ones."""
        self._kept[key] = _Kept(_fingerprint(call), answer, is_write)
        self._num_bytes += len(answer.text)
        while len(self._kept) > 1 and self._is_full():
            oldest, kept = self._kept.popitem(last=False)
            self._num_bytes -= len(kept.answer.text)
            if kept.is_write:
                self._keep_write(oldest, kept.fingerprint)

    def _is_full(self) -> bool:
        return len(self._kept) > MOST_ANSWERS or self._num_bytes > MOST_BYTES

    def _keep_write(self, key: str, fingerprint: bytes) -> None:
        if self._writes is None:
            self._writes = OrderedDict()
        self._writes[_digest(key)] = fingerprint
        if len(self._writes) > MOST_WRITES:
            self._writes.popitem(last=False)


def _fingerprint(call: ToolCall) -> bytes:
    return _digest(f"{call.tool} {canonical_json(call.arguments)}")


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def _refused(call: ToolCall, why: str) -> Answer:
    message = f"{why}; use a new one for a new call"
    return Answer.of(tool_error(call.tool, ToolErrorCode.MALFORMED_CALL, message))

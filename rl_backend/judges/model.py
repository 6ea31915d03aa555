"""The judge that asks a model: questions, evidence, retries, votes and the cache.

Everything about judging with a model except the model itself, which an adapter such as `anthropic`
brings as a `JudgeModel`. A failed call leaves its criterion open with the reason, never unmet.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from pydantic import ValidationError

from rl_backend.judges.base import JudgeUsage, cannot_assess
from rl_backend.judges.cache import AnswerCache, answer_key
from rl_backend.judges.evidence import passage, unverified
from rl_backend.judges.prompts import (
    NO_EVIDENCE,
    PROMPT_VERSION,
    RETRY,
    Answer,
    Case,
    Prompt,
    case_of,
)
from rl_backend.judges.votes import majority, num_votes
from world_builder.checking import CheckContext
from world_builder.rubrics import Criterion, CriterionCategory, Scope, Verdict, VerdictValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model gave for one prompt."""

    text: str = ""
    """The JSON text of an `Answer`."""
    failure: str = ""
    """Why there is none: refusal, cut answer, timeout, error; empty when there is one."""
    usage: JudgeUsage = JudgeUsage()  # noqa: RUF009 (frozen)


class JudgeModel(Protocol):
    """A model that answers prompts with JSON."""

    @property
    def id(self) -> str:
        """Names the model and every setting that changes its answers."""

    async def ask(self, prompt: Prompt) -> Reply:
        """The model's reply; failures are replies too, with their usage."""

    async def close(self) -> None:
        """Release connections."""


class _Failed(Exception):
    """A call gave no answer; the reason."""


class ModelJudge:
    """One call per criterion on a shared prefix, every quote verified."""

    def __init__(
        self,
        model: JudgeModel,
        *,
        cache: AnswerCache | None = None,
        max_votes: int = 3,
        max_calls: int = 8,
    ) -> None:
        """`max_votes` is odd, 1 for no second opinion; `max_calls` bounds calls in flight."""
        if max_votes < 1 or max_votes % 2 == 0:
            raise ValueError(f"max_votes must be odd, so that votes decide; got {max_votes}")
        self.id = f"{model.id}#{PROMPT_VERSION}v{max_votes}"
        self.usage = JudgeUsage()
        self._model = model
        self._cache = AnswerCache() if cache is None else cache
        self._max_votes = max_votes
        self._calls = asyncio.Semaphore(max_calls)

    async def verdicts(
        self, context: CheckContext, criteria: Sequence[Criterion]
    ) -> AsyncGenerator[Verdict, None]:
        for scope, same_scope in groupby(sorted(criteria, key=_scope), key=_scope):
            case = case_of(context, Scope(scope))
            first, *others = same_scope
            yield await self._verdict(case, first)  # warms the prefix for the others
            tasks = [asyncio.ensure_future(self._verdict(case, c)) for c in others]
            try:
                for done in asyncio.as_completed(tasks):
                    yield await done
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        await self._model.close()
        self._cache.close()

    async def _verdict(self, case: Case, criterion: Criterion) -> Verdict:
        if not case.work.strip():
            return Verdict(
                criterion_id=criterion.id,
                value=VerdictValue.UNMET,
                reason="there is no response",
                judge=self.id,
            )
        try:
            return await self._by_votes(case, criterion)
        except _Failed as failed:
            return cannot_assess(criterion, str(failed), self.id)

    async def _by_votes(self, case: Case, criterion: Criterion) -> Verdict:
        first = await self._vote(case, criterion, 0)
        wanted = num_votes(criterion, first.verdict, self._max_votes)
        others = [await self._vote(case, criterion, index) for index in range(1, wanted)]
        answers = [first, *others]
        value = majority([answer.verdict for answer in answers])
        speaker = next((a for a in answers if a.verdict is value), None)
        counted = f" ({len(answers)} votes)" if len(answers) > 1 else ""
        return Verdict(
            criterion_id=criterion.id,
            value=value,
            reason=(speaker.reasoning if speaker else "the votes disagree") + counted,
            evidence=tuple(passage(q, case.work) for q in speaker.evidence) if speaker else (),
            judge=self.id,
        )

    async def _vote(self, case: Case, criterion: Criterion, index: int) -> Answer:
        key = answer_key(self.id, case, criterion, index)
        if (cached := self._cache.get(key)) is not None:
            self.usage += JudgeUsage(num_cached=1)
            return cached
        answer = await self._verified_answer(case, criterion)
        self._cache.put(key, self.id, criterion, answer)
        return answer

    async def _verified_answer(self, case: Case, criterion: Criterion) -> Answer:
        """An answer whose quotes were really said; an abstention when a retry does not help."""
        prompt = case.prompt(criterion)
        answer = await self._ask(prompt)
        if fault := _fault(answer, criterion, case.work):
            answer = await self._ask(prompt.corrected(answer.model_dump_json(), fault))
            if _fault(answer, criterion, case.work):
                return Answer(
                    evidence=(),
                    reasoning=f"its evidence could not be verified: {answer.reasoning}",
                    verdict=VerdictValue.CANNOT_ASSESS,
                )
        return answer

    async def _ask(self, prompt: Prompt) -> Answer:
        async with self._calls:
            reply = await self._model.ask(prompt)
        self.usage += reply.usage
        if reply.failure:
            self.usage += JudgeUsage(num_failures=1)
            raise _Failed(reply.failure)
        try:
            return Answer.model_validate_json(reply.text)
        except ValidationError as error:
            self.usage += JudgeUsage(num_failures=1)
            problem = error.errors(include_url=False)[0]["msg"]
            raise _Failed(f"the judge's answer could not be read: {problem}") from error


def _fault(answer: Answer, criterion: Criterion, work: str) -> str:
    """What is wrong with the evidence of an answer, as told to the judge; empty when nothing."""
    if wrong := unverified(answer.evidence, work):
        return RETRY.format(quotes="; ".join(repr(quote) for quote in wrong))
    if answer.verdict is VerdictValue.MET and not answer.evidence and _wants_evidence(criterion):
        return NO_EVIDENCE
    return ""


def _wants_evidence(criterion: Criterion) -> bool:
    """Whether something must have been said for it to be met; what is avoided leaves no trace."""
    return criterion.category in {CriterionCategory.COMPLETENESS, CriterionCategory.CORRECTNESS}


def _scope(criterion: Criterion) -> str:
    return criterion.scope.value

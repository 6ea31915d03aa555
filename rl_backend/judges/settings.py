"""Which judge scores: from the environment, or from whoever starts the process.

`build_judge` is the one place where judges are chosen. A setting that is missing does not stop
anything: criteria that need it say which one it is.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field as Declared
from pydantic import SecretStr

from rl_backend.judges.base import Judge, UnavailableJudge
from rl_backend.judges.cache import AnswerCache
from rl_backend.judges.composite import CompositeJudge
from world_builder.frozen import Frozen

API_KEY = "ANTHROPIC_API_KEY"
BASE_URL = "ANTHROPIC_BASE_URL"
MODEL = "CORECRAFT_JUDGE_MODEL"
EFFORT = "CORECRAFT_JUDGE_EFFORT"
VOTES = "CORECRAFT_JUDGE_VOTES"
CACHE = "CORECRAFT_JUDGE_CACHE"
CALLS = "CORECRAFT_JUDGE_CALLS"


class JudgeSettings(Frozen):
    """What the model judge needs."""

    api_key: SecretStr | None = None
    """From `ANTHROPIC_API_KEY`; None leaves criteria without a check open."""
    model: str = ""
    """From `CORECRAFT_JUDGE_MODEL`: a model id of the service."""
    base_url: str | None = None
    """From `ANTHROPIC_BASE_URL`; None is the service itself."""
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    """From `CORECRAFT_JUDGE_EFFORT`; None is the model's own."""
    max_votes: int = Declared(default=3, ge=1)
    """From `CORECRAFT_JUDGE_VOTES`: odd; 1 takes no second opinion."""
    cache_path: Path | None = None
    """From `CORECRAFT_JUDGE_CACHE`: the file of verdicts; None keeps them in memory."""
    timeout_s: float = Declared(default=60.0, gt=0)
    """Seconds of one try."""
    max_retries: int = Declared(default=4, ge=0)
    """Tries after the first, for what a retry may cure."""
    max_calls: int = Declared(default=8, ge=1)
    """From `CORECRAFT_JUDGE_CALLS`: calls in flight at once."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The settings of a process; None reads its own environment.

        Raises pydantic.ValidationError for a value that is not allowed.
        """
        names = {
            "api_key": API_KEY,
            "model": MODEL,
            "base_url": BASE_URL,
            "effort": EFFORT,
            "max_votes": VOTES,
            "cache_path": CACHE,
            "max_calls": CALLS,
        }
        given = os.environ if environment is None else environment
        return cls.model_validate({f: given[name] for f, name in names.items() if given.get(name)})

    @property
    def missing(self) -> tuple[str, ...]:
        """The settings without which no model can be asked."""
        wanted = {API_KEY: self.api_key, MODEL: self.model}
        return tuple(name for name, value in wanted.items() if not value)

    @property
    def chosen(self) -> dict[str, str]:
        """What decides its verdicts, by variable; absent is the model's own."""
        effort = {} if self.effort is None else {EFFORT: self.effort}
        return {MODEL: self.model, **effort, VOTES: str(self.max_votes)}


def build_judge(settings: JudgeSettings) -> Judge:
    """Checks first, then the model; without its settings criteria say what to set."""
    if settings.missing or settings.api_key is None:
        wanted = " and ".join(settings.missing)
        reason = f"this criterion has no check and no model judge is set up: set {wanted}"
        return CompositeJudge(UnavailableJudge(reason))
    from rl_backend.judges.anthropic import AnthropicModel
    from rl_backend.judges.model import ModelJudge

    model = AnthropicModel(
        settings.model,
        api_key=settings.api_key.get_secret_value(),
        base_url=settings.base_url,
        effort=settings.effort,
        timeout_s=settings.timeout_s,
        max_retries=settings.max_retries,
    )
    return CompositeJudge(
        ModelJudge(
            model,
            cache=AnswerCache(settings.cache_path),
            max_votes=settings.max_votes,
            max_calls=settings.max_calls,
        )
    )

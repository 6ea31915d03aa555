"""Checks of the starting model: is it there, can the trainer build it, is anything asked for that
the trainer cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rl_backend.config import RunConfig
from rl_backend.estimate.missing import missing
from rl_backend.estimate.plan import decoder_of, layout_of
from rl_backend.model_shape import read_model_shape
from rl_backend.preflight.checks import Check, CheckState

TITLE = "Starting model"


def model_checks(config: RunConfig) -> Iterator[Check]:
    """What is wrong with the model or asked of the trainer, each thing by itself."""
    path = config.model.path
    yield _folder(path)
    try:
        decoder = decoder_of(config)
    except ValueError as error:
        if path is not None and Path(path).is_dir():
            yield Check(title=TITLE, state=CheckState.BAD, text=str(error), hint=_OTHER_MODEL)
        return
    lacks = missing(config, decoder)
    for what in lacks:
        hint = "Take another model or preset; `corecraft plan` reckons with this one on paper."
        text = f"cannot do yet: {what}"
        yield Check(title="Trainer", state=CheckState.BAD, text=text, hint=hint)
    for problem in layout_of(config).problems(decoder):
        hint = "Change the parallel sizes, such as trainer.tensor_parallel."
        text = f"cannot cut {problem}"
        yield Check(title="Trainer", state=CheckState.BAD, text=text, hint=hint)
    if path is not None and Path(path).is_dir():
        yield from _buildable(Path(path), config.model.context_length)


_OTHER_MODEL = "Give a Llama-, Mistral-, Qwen- or GLM-4-with-experts-like model."


def _folder(path: str | None) -> Check:
    if path is None:
        text = "a small one, made from scratch"
        return Check(title=TITLE, state=CheckState.GOOD, text=text)
    if Path(path).is_dir():
        return Check(title=TITLE, state=CheckState.GOOD, text=path)
    hint = "Give the folder of a Hugging Face model."
    return Check(title=TITLE, state=CheckState.BAD, text=f"there is no folder {path}", hint=hint)


def _buildable(path: Path, context_length: int) -> Iterator[Check]:
    try:
        most = read_model_shape(path).max_positions
    except ValueError as error:
        text = str(error).splitlines()[0]
        yield Check(title=TITLE, state=CheckState.BAD, text=text, hint=_OTHER_MODEL)
        return
    if context_length > most:
        text = f"it reads {most:,} tokens at most, model.context_length is {context_length:,}"
        hint = f"Set model.context_length to {most} or less."
        yield Check(title=TITLE, state=CheckState.BAD, text=text, hint=hint)

"""`corecraft plan`: what a run would need, reckoned on paper.

`register` adds the command to the command line, which lives elsewhere. It starts nothing and needs
neither weights nor a GPU.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rl_backend.config import ConfigError, RunConfig, load_preset
from rl_backend.estimate.fit import fitting
from rl_backend.estimate.missing import missing
from rl_backend.estimate.plan import SLOWER, Plan, decoder_of, plan

DEFAULT_PRESET = "8xH100-30B"


def register(app: typer.Typer) -> None:
    """Adds the command to an application."""
    app.command("plan")(plan_run)


def plan_run(
    preset: Annotated[str, typer.Option(help="A preset; its settings are the start.")] = (
        DEFAULT_PRESET
    ),
    model: Annotated[
        str | None,
        typer.Option(help="A config.json, a model's folder, or a name such as GLM-4.6."),
    ] = None,
    gpus: Annotated[int | None, typer.Option(min=1, help="Find a layout for so many GPUs.")] = None,
    gpu: Annotated[str | None, typer.Option(help="a100, h100, h200 or b200.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="One setting, such as trainer.recompute=none; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Reckon a run's memory and time on paper: parameters, each GPU's memory, seconds of a step.

    Exits with 1 when it does not fit.

    Example:  corecraft plan --preset paper-glm-4.6

    Example:  corecraft plan --model Qwen3-32B --gpus 16 --gpu h200
    """
    given = {"model.path": model, "plan.gpu": gpu, "plan.num_gpus": gpus}
    asked = [f"{path}={value}" for path, value in given.items() if value is not None]
    try:
        config = load_preset(preset, [*asked, *(changes or ())])
        config = config if gpus is None else _with_layout(config)
        found, lacks = plan(config), missing(config, decoder_of(config))
    except (ConfigError, ValueError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(as_data(found, lacks), indent=2))
    else:
        _print(found, lacks)
    if not found.fits:
        raise typer.Exit(1)


def as_data(found: Plan, lacks: tuple[str, ...]) -> dict[str, object]:
    """The plan for machines: bytes, tokens and seconds."""
    return {**asdict(found), "used_bytes": found.used_bytes, "fits": found.fits, "missing": lacks}


def _with_layout(config: RunConfig) -> RunConfig:
    """The configuration with the best layout for its GPUs. Raises ValueError: none fits."""
    if config.plan.gpu is None:
        raise ValueError("to find a layout, say of which kind the GPUs are: --gpu h100")
    best = fitting(config, decoder_of(config))
    if best is None:
        raise ValueError(
            f"no layout of {config.model.path} fits {config.plan.num_gpus} x {config.plan.gpu}; "
            "give more GPUs, or lower model.context_length and trainer.max_tokens_per_microbatch"
        )
    return best


def _print(found: Plan, lacks: tuple[str, ...]) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for title, text in lines(found):
        table.add_row(title, escape(text))
    console = Console()
    console.print(table)
    for problem in found.problems:
        console.print(f"[red]Cannot be cut:[/] {escape(problem)}")
    for what in lacks:
        console.print(f"[yellow]A run cannot do yet:[/] {escape(what)}")


def lines(found: Plan) -> tuple[tuple[str, str], ...]:
    """The plan for people: a title and a text for each line."""
    layout, trainer, engine = found.layout, found.trainer, found.engine
    cut = (
        f"tensor {layout.tensor_parallel}, pipeline {layout.pipeline_parallel}, "
        f"expert {layout.expert_parallel}, data {layout.data_parallel}"
    )
    savings = {
        "recomputed activations": layout.is_recomputed,
        "sequence parallel": layout.is_sequence_parallel,
        f"Adam in host memory ({_gb(trainer.host)} a rank)": layout.is_optimizer_on_cpu,
    }
    parts = (
        f"weights {_gb(trainer.weights)}, gradients {_gb(trainer.gradients)}, "
        f"Adam {_gb(trainer.optimizer)}, activations {_gb(trainer.activations)}, "
        f"logits {_gb(trainer.logits)}"
    )
    return (
        ("Model", f"{found.model}: {_billions(found.num_parameters)} parameters, "
                  f"{_billions(found.num_active)} for one token"),
        ("Devices", f"{found.num_gpus} x {found.gpu}" if found.device_bytes else "no GPU"),
        ("Layout", ", ".join([cut, *(name for name, is_on in savings.items() if is_on)])),
        ("Trainer, each", f"{_gb(trainer.total)}: {parts}"),
        ("Engine, each", f"{_gb(engine.total)}: weights {_gb(engine.weights)}, "
                         f"cache {_gb(engine.cache)}"),
        ("Engines", f"{found.num_engines}, each holds {engine.tokens:,} tokens, "
                    f"{found.kv_bytes / 1024:.0f} KiB a token"),
        ("Fullest device", _fullest(found)),
        ("Checkpoint", _gb(found.checkpoint)),
        ("Step", _step(found)),
    )  # fmt: skip


def _fullest(found: Plan) -> str:
    shared = "trainer and engine" if found.is_shared else "trainer or engine"
    text = f"{_gb(found.used_bytes)} for {shared}"
    if found.device_bytes is None:
        return text
    verdict = "fits" if found.fits else "does not fit"
    return f"{text}, of {_gb(found.device_bytes)}: {verdict}"


def _step(found: Plan) -> str:
    work, step = found.work, found.step
    tokens = f"{work.num_rollouts} rollouts of {work.row_tokens:,} tokens"
    if step is None:
        return f"{tokens}; the speed of this machine is not known"
    low, high = (factor * step.total for factor in SLOWER)
    return (
        f"{tokens}: {step.total:.0f} s on paper (rollouts {step.rollout:.0f}, scoring "
        f"{step.scoring:.0f}, update {step.update:.0f}); published runs took {SLOWER[0]:g} to "
        f"{SLOWER[1]:g} times their estimate, so {low:.0f} to {high:.0f} s, "
        f"{3600 / high:.1f} to {3600 / low:.1f} steps an hour"
    )


def _gb(num_bytes: float) -> str:
    return f"{num_bytes / 1e9:,.1f} GB" if num_bytes >= 1e8 else f"{num_bytes / 1e6:.0f} MB"


def _billions(number: int) -> str:
    return f"{number / 1e9:.2f} B" if number >= 1e7 else f"{number / 1e6:.2f} M"

"""`corecraft bench rollout`: whole rollouts beside a bare server. A command of `cli_bench`."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rl_backend.bench.ready_policy import ready_policy
from rl_backend.bench.rollout_types import RolloutAsked, RolloutFigures
from rl_backend.errors import BackendError
from studio.cli_status import telling

ThreadsOption = Annotated[int, typer.Option(min=1, help="Of every process that computes.")]
PolicyOption = Annotated[
    Path | None,
    typer.Option(help="A policy that makes tool calls; none teaches one, once, in some minutes."),
]
OptionalOption = Annotated[bool, typer.Option(help="Leave out what cannot be installed.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


def rollout_command(
    world: Annotated[str, typer.Option(help="A shipped world.")] = "tutorial",
    tasks: Annotated[int, typer.Option(min=1, help="Groups of a round.")] = 3,
    group_size: Annotated[int, typer.Option(min=2, help="Rollouts of a group.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of which medians are taken.")] = 3,
    threads: ThreadsOption = 2,
    policy: PolicyOption = None,
    optional: OptionalOption = False,
    as_json: JsonOption = False,
) -> None:
    """Sampled tokens per second of whole rollouts, beside the bare server and transformers.

    Ours: worlds in this process, tool calls, judge, everything a training step does. The bare
    SGLang server gets the same prompts from aiohttp, with the output lengths of ours; transformers'
    `generate` gets them as batches of a group's turns. Same server, same threads, in turn.

    Example: corecraft bench rollout --tasks 3 --rounds 5
    """
    try:
        with telling("making a policy ready") as tell:
            made = policy or ready_policy(num_threads=threads, on_stage=tell)
            asked = RolloutAsked(
                model_dir=str(made.absolute()), world=world, num_tasks=tasks,
                group_size=group_size, num_rounds=rounds, num_threads=threads,
            )  # fmt: skip
            figures = _rollouts(asked, tell)
    except BackendError as error:
        typer.echo(f"cannot measure: {error}", err=True)
        raise typer.Exit(0 if optional else 1) from error
    if as_json:
        typer.echo(figures.model_dump_json())
    else:
        Console().print(rollout_table(figures))


def _rollouts(asked: RolloutAsked, on_stage: Callable[[str], None]) -> RolloutFigures:
    """Measures in a process of its own. Raises BackendError with the last thing it said."""
    last = "it said nothing"
    with subprocess.Popen(
        [sys.executable, "-m", "rl_backend.bench.rollout", asked.model_dump_json()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr or ():
            last = line.strip() or last
            on_stage(last)
        figures = process.stdout.read() if process.stdout else ""
    if process.returncode != 0:
        raise BackendError(
            last, hint="What is not installed comes with `python -m rl_backend.install`."
        )
    return RolloutFigures.model_validate_json(figures)


def rollout_table(f: RolloutFigures) -> Table:
    """Our rollouts beside the peers."""
    title = f"World `{f.world}`: {f.num_tasks} groups of {f.group_size}, one after another"
    caption = (
        f"{', '.join(f.packages)}; {f.num_requests} requests, {f.num_prompt_tokens:,} prompt "
        f"tokens, {f.num_sampled_tokens:,} sampled; medians of {f.num_rounds} rounds; "
        f"{f.num_threads} of {f.num_cores} cores, load {f.load:.1f} at the start"
    )
    table = Table(title=title, caption=caption)
    for heading in ("", "tokens/s", "ours is"):
        table.add_column(heading, justify="left" if not heading else "right")
    table.add_row("corecraft, whole rollouts", f"{f.ours_per_s:,.0f}", "")
    table.add_row("bare SGLang server", f"{f.bare_per_s:,.0f}", f"{f.share_of_bare:.1%}")
    ratio = f.ours_per_s / f.generate_per_s
    table.add_row("transformers generate", f"{f.generate_per_s:,.0f}", f"{ratio:.2f}x")
    table.add_row("share of our time with a request in the engine", f"{f.engine_share:.1%}", "")
    table.add_row("processor time of our process, of a core", f"{f.own_cpu_share:.1%}", "")
    return table

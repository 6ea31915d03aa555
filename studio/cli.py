"""The `corecraft` command: the studio, worlds, bundles and training on one command line.

Each command imports what it needs when it runs, so that `--help` is quick and loads no heavy
package.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from exporter import cli as cli_bundle
from rl_backend import cli as cli_training
from studio import cli_bench, cli_world
from studio.jobs import Jobs

app = typer.Typer(
    name="corecraft",
    no_args_is_help=True,
    help="Author worlds, publish them as bundles, train on them and review what was learned.",
)
app.add_typer(cli_world.app, name="world")
app.add_typer(cli_bundle.app, name="bundle")
cli_training.register(app)
app.add_typer(cli_bench.app, name="bench")


@app.command()
def studio(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Where the database and runs live.")] = Path("var"),
    backend_install: Annotated[
        bool, typer.Option(help="Install the training backend in the background when missing.")
    ] = True,
) -> None:
    """Start the web app; open the printed address in a browser."""
    import uvicorn

    from studio.app import create_app
    from studio.settings import Settings

    settings = Settings(data_dir=data_dir, host=host, port=port)
    if backend_install:
        install_backend(Jobs(settings.jobs), settings.data_dir)
    typer.echo(f"CoreCraft Studio: http://{host}:{port}")
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning")


def install_backend(jobs: Jobs, data_dir: Path) -> None:
    """Starts installing the training backend unless it is there or being installed."""
    job = jobs.find("backend-install")
    is_busy = job is not None and jobs.is_running(job)
    if is_busy or _has_backend():
        return
    status = data_dir / "backend-install.json"
    command = [sys.executable, "-m", "rl_backend.install", "--status", str(status.resolve())]
    jobs.start("backend-install", "install", command)


def _has_backend() -> bool:
    return all(find_spec(name) is not None for name in ("torch", "megatron", "sglang"))


if __name__ == "__main__":
    app()

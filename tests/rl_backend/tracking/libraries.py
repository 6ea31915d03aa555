"""The trackers' libraries as far as we call them, written from their documented interfaces.

They write down what they are asked for. `test_real_libraries` does the same with the real ones
where they are installed, and compares the signatures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any


@dataclass
class Calls:
    """What a library was asked, in order."""

    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, function: str, /, **arguments: Any) -> None:
        self.made.append((function, arguments))

    def of(self, name: str) -> list[dict[str, Any]]:
        return [arguments for made, arguments in self.made if made == name]


def wandb(calls: Calls) -> ModuleType:
    module = ModuleType("wandb")

    class Run:
        def define_metric(
            self, name: str, step_metric: str | None = None, *, hidden: bool | None = None
        ) -> None:
            calls.add("define_metric", name=name, step_metric=step_metric, hidden=hidden)

        def log(self, data: dict[str, Any], step: int | None = None) -> None:
            calls.add("log", data=data, step=step)

        def finish(self, exit_code: int | None = None) -> None:
            calls.add("finish", exit_code=exit_code)

    def init(
        *,
        project: str,
        dir: str,  # noqa: A002 (the library's name)
        id: str,  # noqa: A002 (the library's name)
        name: str,
        config: dict[str, Any],
        mode: str,
        resume: str | None,
        settings: Any,
    ) -> Run:
        calls.add(
            "init", project=project, dir=dir, id=id, name=name, config=config, mode=mode,
            resume=resume, settings=settings,
        )  # fmt: skip
        return Run()

    module.__dict__.update(init=init, Run=Run, Settings=SimpleNamespace)
    return module


def trackio(calls: Calls) -> ModuleType:
    module = ModuleType("trackio")

    class Run:
        def log(self, metrics: dict[str, Any], step: int | None = None) -> None:
            calls.add("log", metrics=metrics, step=step)

        def finish(self) -> None:
            calls.add("finish")

    def init(
        project: str,
        name: str | None = None,
        *,
        config: dict[str, Any] | None = None,
        resume: str = "never",
        embed: bool = True,
        auto_log_gpu: bool | None = None,
        auto_log_cpu: bool | None = None,
    ) -> Run:
        calls.add("init", project=project, name=name, config=config, resume=resume)
        return Run()

    module.__dict__.update(init=init, Run=Run)
    return module


def tensorboard(calls: Calls) -> ModuleType:
    module = ModuleType("torch.utils.tensorboard")

    class SummaryWriter:
        def __init__(self, log_dir: str | None = None, purge_step: int | None = None) -> None:
            calls.add("open", log_dir=log_dir, purge_step=purge_step)

        def add_scalar(
            self,
            tag: str,
            scalar_value: float,
            global_step: int | None = None,
            walltime: float | None = None,
        ) -> None:
            calls.add("add_scalar", tag=tag, value=scalar_value, step=global_step)

        def flush(self) -> None:
            calls.add("flush")

        def close(self) -> None:
            calls.add("close")

    module.__dict__.update(SummaryWriter=SummaryWriter)
    return module


@dataclass
class MlflowServer:
    """What an MLflow back end remembers between processes."""

    experiments: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    """By run: the value of the tag that we look for."""


def mlflow(calls: Calls, server: MlflowServer) -> dict[str, ModuleType]:
    module, entities = ModuleType("mlflow"), ModuleType("mlflow.entities")

    @dataclass
    class Metric:
        key: str
        value: float
        timestamp: int
        step: int

    @dataclass
    class Param:
        key: str
        value: str

    class MlflowClient:
        def __init__(self, tracking_uri: str | None = None) -> None:
            calls.add("client", tracking_uri=tracking_uri)

        def get_experiment_by_name(self, name: str) -> Any:
            known = server.experiments.get(name)
            return known and SimpleNamespace(experiment_id=known)

        def create_experiment(self, name: str, artifact_location: str | None = None) -> str:
            calls.add("create_experiment", name=name, artifact_location=artifact_location)
            return server.experiments.setdefault(name, "1")

        def search_runs(
            self, experiment_ids: list[str], filter_string: str = "", *, max_results: int = 1000
        ) -> list[Any]:
            wanted = filter_string.rpartition("= ")[2].strip("'")
            found = [run for run, tag in server.tags.items() if tag == wanted]
            return [SimpleNamespace(info=SimpleNamespace(run_id=run)) for run in found]

        def create_run(
            self, experiment_id: str, *, tags: dict[str, str], run_name: str | None = None
        ) -> Any:
            run = f"mlflow-{len(server.tags)}"
            [server.tags[run]] = tags.values()
            calls.add("create_run", run_name=run_name)
            return SimpleNamespace(info=SimpleNamespace(run_id=run))

        def update_run(self, run_id: str, status: str | None = None) -> None:
            calls.add("update_run", run_id=run_id, status=status)

        def log_batch(
            self,
            run_id: str,
            metrics: list[Metric] | None = None,
            params: list[Param] | None = None,
        ) -> None:
            assert len(params or ()) <= 100
            calls.add("log_batch", run_id=run_id, metrics=metrics or [], params=params or [])

        def set_terminated(self, run_id: str, status: str | None = None) -> None:
            calls.add("set_terminated", run_id=run_id, status=status)

    module.__dict__.update(MlflowClient=MlflowClient, entities=entities)
    entities.__dict__.update(Metric=Metric, Param=Param)
    return {"mlflow": module, "mlflow.entities": entities}

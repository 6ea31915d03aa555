"""Figures for MLflow: a SQLite file in the run directory, or the server of MLFLOW_TRACKING_URI."""

from __future__ import annotations

from typing import Any

from rl_backend.records import MetricRecord, RunState
from rl_backend.tracking.base import Tracked, flat, titled

PARAMS_PER_REQUEST = 100
ID_TAG = "corecraft.run"
STATUS = {RunState.DONE: "FINISHED", RunState.FAILED: "FAILED", RunState.STOPPED: "KILLED"}


def start(run: Tracked) -> MlflowTracker:
    """The run that has our tag, or a new one with the settings as its parameters."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    place = None if run.is_online else f"sqlite:///{run.folder / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=place)
    experiment = client.get_experiment_by_name(run.project)
    artifacts = None if run.is_online else (run.folder / "artifacts").as_uri()
    experiment_id = (
        client.create_experiment(run.project, artifact_location=artifacts)
        if experiment is None
        else experiment.experiment_id
    )
    tagged = client.search_runs([experiment_id], f"tags.`{ID_TAG}` = '{run.id}'", max_results=1)
    if tagged:
        run_id = tagged[0].info.run_id
        client.update_run(run_id, status="RUNNING")
        return MlflowTracker(client, run_id, Metric)
    created = client.create_run(experiment_id, tags={ID_TAG: run.id}, run_name=run.name)
    params = [Param(name, value) for name, value in flat(run.config)]
    for first in range(0, len(params), PARAMS_PER_REQUEST):
        client.log_batch(created.info.run_id, params=params[first : first + PARAMS_PER_REQUEST])
    return MlflowTracker(client, created.info.run_id, Metric)


class MlflowTracker:
    """A run of MLflow."""

    def __init__(self, client: Any, run_id: str, metric: Any) -> None:
        self._client, self._run_id, self._metric = client, run_id, metric

    def log(self, record: MetricRecord) -> None:
        at = round(record.at.timestamp() * 1000)
        metrics = [self._metric(n, x, at, record.step) for n, x in titled(record).items()]
        self._client.log_batch(self._run_id, metrics=metrics)

    def close(self, state: RunState) -> None:
        self._client.set_terminated(self._run_id, status=STATUS[state])

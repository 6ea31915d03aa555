"""One rollout: a policy acts in a fresh world until it is done.

A rollout never raises for what goes wrong in it: a failure of the engine, a tool or the world is a
record with its boundary, and counts nowhere. Nothing is judged here.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rl_backend.environment import Environment
from rl_backend.errors import EngineError, PolicyError, ToolFailure, WorldRuntimeError
from rl_backend.policies import Actor, AssistantTurn, Opening, Policy
from rl_backend.runtimes.base import FinalState, RunningWorld, Runtime
from rl_backend.types import PolicyVersion, Rollout
from world_builder.replay import opening
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.trajectory import Message, StopReason, Trajectory

_Answer = TypeVar("_Answer")


class Cancelled(Exception):
    """The run asked its rollouts to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    stop: StopReason
    detail: str = ""


class RolloutRunner:
    """Makes rollouts in the worlds of one runtime, a bounded number at a time."""

    def __init__(
        self,
        base: WorldBase,
        runtime: Runtime,
        *,
        max_worlds: int = 32,
        max_policy_calls: int | None = None,
    ) -> None:
        """`max_worlds` bounds the rollouts in flight, `max_policy_calls` the turns being sampled.

        None leaves that to the engine: a rollout samples one turn at a time.
        """
        self.base = base
        self.runtime = runtime
        self._worlds = asyncio.Semaphore(max_worlds)
        self._policy_calls = asyncio.Semaphore(max_policy_calls or max_worlds)
        self._cancelled = asyncio.Event()

    def cancel(self) -> None:
        """End all rollouts, those in flight and those to come, as `cancelled`."""
        self._cancelled.set()

    async def run(
        self, task: Task, policy: Policy, *, rollout_id: str, seed: int, index: int = 0
    ) -> Rollout:
        """The rollout of a policy on a task, whatever became of it."""
        async with self._worlds:
            started, version = time.monotonic(), policy.version
            actor, trajectory = await self._play(task, policy, seed)
            return Rollout(
                id=rollout_id,
                task_id=task.id,
                index=index,
                seed=seed,
                policy=policy.name,
                policy_version=PolicyVersion(version),
                trajectory=trajectory,
                tokens=None if actor is None else actor.tokens,
                duration_s=time.monotonic() - started,
            )

    async def _play(self, task: Task, policy: Policy, seed: int) -> tuple[Actor | None, Trajectory]:
        try:
            async with self._world(task) as world:
                environment = Environment(task, self.base, world)
                actor = policy.actor(
                    Opening(
                        task_id=task.id,
                        messages=environment.opening,
                        tools=world.tools,
                        seed=seed,
                    )
                )
                ending = await self._dialogue(environment, actor)
                return actor, await _record(environment, world, actor, ending)
        except Cancelled:
            return None, self._unstarted(task, StopReason.CANCELLED, "")
        except WorldRuntimeError as error:
            return None, self._unstarted(task, StopReason.RUNTIME_ERROR, str(error))
        except (EngineError, PolicyError) as error:
            return None, self._unstarted(task, StopReason.POLICY_ERROR, str(error))

    async def _dialogue(self, environment: Environment, actor: Actor) -> _Ending:
        """Plays turn by turn until the rollout is over, and says why it is."""
        try:
            step = await environment.step(await self._turn(actor, ()))
            while step.stop is None:
                step = await environment.step(await self._turn(actor, step.results))
        except Cancelled:
            return _Ending(stop=StopReason.CANCELLED, detail="the run was stopped")
        except (EngineError, PolicyError) as error:
            return _Ending(stop=StopReason.POLICY_ERROR, detail=str(error))
        except ToolFailure as error:
            return _Ending(stop=StopReason.TOOL_ERROR, detail=str(error))
        except WorldRuntimeError as error:
            return _Ending(stop=StopReason.RUNTIME_ERROR, detail=str(error))
        return _Ending(stop=step.stop)

    async def _turn(self, actor: Actor, results: Sequence[Message]) -> AssistantTurn:
        async with self._policy_calls:
            return await self._unless_cancelled(actor.act(results))

    async def _unless_cancelled(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        """The work's answer. Raises Cancelled, and ends the work, when the run is stopped."""
        if self._cancelled.is_set():
            work.close()
            raise Cancelled
        task, stop = asyncio.ensure_future(work), asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Cancelled
            return task.result()
        finally:
            for pending in (task, stop):
                pending.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _world(self, task: Task) -> AsyncIterator[RunningWorld]:
        world = await self._unless_cancelled(self.runtime.start(task.start))
        try:
            yield world
        finally:
            await world.close()

    def _unstarted(self, task: Task, stop: StopReason, detail: str) -> Trajectory:
        return Trajectory(
            task_id=task.id,
            messages=opening(self.base, task),
            stop_reason=stop,
            stop_detail=detail or "the run was stopped",
        )


async def _record(
    environment: Environment, world: RunningWorld, actor: Actor, ending: _Ending
) -> Trajectory:
    """The trajectory with the final state; a world that cannot be read makes it a failure."""
    num_tokens = 0 if actor.tokens is None else actor.tokens.num_sampled
    final: FinalState | None = None
    try:
        final = await world.finish()
    except WorldRuntimeError as error:
        if ending.stop.is_scored:
            ending = _Ending(stop=StopReason.RUNTIME_ERROR, detail=str(error))
    return environment.trajectory(ending.stop, final, detail=ending.detail, num_tokens=num_tokens)

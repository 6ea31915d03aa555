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

from rl_backend.busy import BusyClock
from rl_backend.environment import Environment, Step
from rl_backend.errors import EngineError, PolicyError, ToolFailure, WorldRuntimeError
from rl_backend.policies import Actor, AssistantTurn, Opening, Policy
from rl_backend.runtimes.base import FinalState, RunningWorld, Runtime
from rl_backend.types import PolicyVersion, Rollout
from world_builder.replay import opening
from world_builder.state import WorldBase
from world_builder.tasks import Task
from world_builder.trajectory import Message, StopReason, Trajectory

_Answer = TypeVar("_Answer")


RUN_STOPPED = "the run was stopped"
GIVEN_UP = "its group went on without it"


class Cancelled(Exception):
    """The run asked its rollouts to stop, or a group goes on without this one."""


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
        self.judging = BusyClock()
        """Runs while a rollout of this runner is judged."""
        self._worlds = asyncio.Semaphore(max_worlds)
        self._policy_calls = asyncio.Semaphore(max_policy_calls or max_worlds)
        self._cancelled = asyncio.Event()

    def cancel(self) -> None:
        """End all rollouts, those in flight and those to come, as `cancelled`."""
        self._cancelled.set()

    async def run(
        self,
        task: Task,
        policy: Policy,
        *,
        rollout_id: str,
        seed: int,
        index: int = 0,
        given_up: asyncio.Event | None = None,
    ) -> Rollout:
        """The rollout of a policy on a task, whatever became of it.

        Once `given_up` is set it ends as `cancelled`; None: only the whole run ends it.
        """
        actor: Actor | None = None
        started, version = time.monotonic(), policy.version
        try:
            async with self._slot(given_up):
                started, version = time.monotonic(), policy.version
                actor, trajectory = await self._play(task, policy, seed, given_up)
        except Cancelled as cancelled:
            trajectory = self._unstarted(task, StopReason.CANCELLED, str(cancelled))
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

    async def _play(
        self, task: Task, policy: Policy, seed: int, given_up: asyncio.Event | None
    ) -> tuple[Actor | None, Trajectory]:
        try:
            async with self._world(task, given_up) as world:
                environment = Environment(task, self.base, world)
                actor = policy.actor(
                    Opening(
                        task_id=task.id,
                        messages=environment.opening,
                        tools=world.tools,
                        seed=seed,
                    )
                )
                ending = await self._dialogue(environment, actor, given_up)
                final, ending = await self._final(world, ending, given_up)
                return actor, environment.trajectory(
                    ending.stop, final, detail=ending.detail, num_tokens=_num_sampled(actor)
                )
        except WorldRuntimeError as error:
            return None, self._unstarted(task, StopReason.RUNTIME_ERROR, str(error))
        except (EngineError, PolicyError) as error:
            return None, self._unstarted(task, StopReason.POLICY_ERROR, str(error))

    async def _dialogue(
        self, environment: Environment, actor: Actor, given_up: asyncio.Event | None
    ) -> _Ending:
        """Plays turn by turn until the rollout is over, and says why it is."""
        step = Step()
        try:
            while step.stop is None:
                turn = await self._turn(actor, step.results, given_up)
                step = await self._unless_cancelled(environment.step(turn), given_up)
        except Cancelled as cancelled:
            return _Ending(stop=StopReason.CANCELLED, detail=str(cancelled))
        except (EngineError, PolicyError) as error:
            return _Ending(stop=StopReason.POLICY_ERROR, detail=str(error))
        except ToolFailure as error:
            return _Ending(stop=StopReason.TOOL_ERROR, detail=str(error))
        except WorldRuntimeError as error:
            return _Ending(stop=StopReason.RUNTIME_ERROR, detail=str(error))
        return _Ending(stop=step.stop)

    async def _final(
        self, world: RunningWorld, ending: _Ending, given_up: asyncio.Event | None
    ) -> tuple[FinalState | None, _Ending]:
        """The world's final state; one that cannot be read makes the rollout a failure.

        Nobody wants that of a cancelled rollout, and a world that hangs would hold up its group.
        """
        if ending.stop is StopReason.CANCELLED:
            return None, ending
        try:
            return await self._unless_cancelled(world.finish(), given_up), ending
        except Cancelled as cancelled:
            failure = _Ending(stop=StopReason.CANCELLED, detail=str(cancelled))
        except WorldRuntimeError as error:
            failure = _Ending(stop=StopReason.RUNTIME_ERROR, detail=str(error))
        return None, failure if ending.stop.is_scored else ending

    async def _turn(
        self, actor: Actor, results: Sequence[Message], given_up: asyncio.Event | None
    ) -> AssistantTurn:
        async with self._policy_calls:
            return await self._unless_cancelled(actor.act(results), given_up)

    async def _unless_cancelled(
        self, work: Coroutine[Any, Any, _Answer], given_up: asyncio.Event | None
    ) -> _Answer:
        """The work's answer. Raises Cancelled, and ends the work, when nobody wants it any more."""
        reasons = {self._cancelled: RUN_STOPPED} | ({given_up: GIVEN_UP} if given_up else {})
        if any(event.is_set() for event in reasons):
            work.close()
            raise Cancelled(next(text for event, text in reasons.items() if event.is_set()))
        task = asyncio.ensure_future(work)
        stops = [asyncio.ensure_future(event.wait()) for event in reasons]
        try:
            await asyncio.wait({task, *stops}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Cancelled(next(text for event, text in reasons.items() if event.is_set()))
            return task.result()
        finally:
            for pending in (task, *stops):
                pending.cancel()
            await asyncio.gather(task, *stops, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _slot(self, given_up: asyncio.Event | None) -> AsyncIterator[None]:
        await self._unless_cancelled(self._worlds.acquire(), given_up)
        try:
            yield
        finally:
            self._worlds.release()

    @contextlib.asynccontextmanager
    async def _world(
        self, task: Task, given_up: asyncio.Event | None
    ) -> AsyncIterator[RunningWorld]:
        world = await self._unless_cancelled(self.runtime.start(task.start), given_up)
        try:
            yield world
        finally:
            await world.close()

    def _unstarted(self, task: Task, stop: StopReason, detail: str) -> Trajectory:
        return Trajectory(
            task_id=task.id,
            messages=opening(self.base, task),
            stop_reason=stop,
            stop_detail=detail,
        )


def _num_sampled(actor: Actor) -> int:
    return 0 if actor.tokens is None else actor.tokens.num_sampled

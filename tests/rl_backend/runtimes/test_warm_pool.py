"""The warm pool over scripted containers: handed out, restored, replaced, given up, closed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.hosts import HostFailed, Hosts
from rl_backend.runtimes.warm_pool import WarmPool

LIMIT_S = 30.0


@dataclass(eq=False)
class Box:
    host: str
    number: int
    is_removed: bool = False


@dataclass
class ScriptedKeeper:
    """Starts boxes at once; fails, waits or refuses to restore as a test says."""

    problem: Callable[[str], WorldRuntimeError | None] = lambda host: None
    is_restorable: Callable[[Box], bool] = lambda box: True
    gate: asyncio.Event | None = None
    boxes: list[Box] = field(default_factory=list)
    num_starting: int = 0
    most_starting: int = 0

    async def start(self, host: str) -> Box:
        self.num_starting += 1
        self.most_starting = max(self.most_starting, self.num_starting)
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.num_starting -= 1
        if (error := self.problem(host)) is not None:
            raise error
        self.boxes.append(Box(host, len(self.boxes)))
        return self.boxes[-1]

    async def restore(self, box: Box) -> bool:
        await asyncio.sleep(0)
        return self.is_restorable(box)

    async def remove(self, box: Box) -> None:
        box.is_removed = True

    @property
    def living(self) -> list[Box]:
        return [box for box in self.boxes if not box.is_removed]


def pool_of(
    keeper: ScriptedKeeper,
    size: int,
    *hosts: str,
    parallel_starts: int = 4,
    aside_s: float = 30.0,
) -> tuple[WarmPool[Box], list[str]]:
    """A pool and the list of problems that it tells."""
    told: list[str] = []
    shares = [(host, 1.0) for host in hosts or ("h",)]
    placed = Hosts(shares, parallel_starts=parallel_starts, aside_s=aside_s)
    return WarmPool(keeper, placed, size=size, on_problem=told.append), told


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # noqa: ASYNC110 (the pool tells nobody of its inner steps)
            await asyncio.sleep(0)


async def test_it_fills_itself_a_few_at_a_time() -> None:
    keeper = ScriptedKeeper()
    pool, _ = pool_of(keeper, 10, "a", "b", parallel_starts=2)
    pool.fill()
    await until(lambda: pool.num_idle == 10)
    assert keeper.most_starting == 4
    assert [box.host for box in keeper.boxes].count("a") == 5
    await pool.close()
    assert keeper.living == []


async def test_a_sound_member_is_used_again() -> None:
    keeper = ScriptedKeeper()
    pool, told = pool_of(keeper, 1)
    for _ in range(3):
        box = await pool.acquire(LIMIT_S)
        assert pool.num_in_use == 1
        pool.release(box, is_sound=True)
    await until(lambda: pool.num_idle == 1)
    assert (len(keeper.boxes), told) == (1, [])


async def test_one_that_is_not_pristine_is_replaced_and_told() -> None:
    keeper = ScriptedKeeper(is_restorable=lambda box: box.number > 0)
    pool, told = pool_of(keeper, 1)
    first = await pool.acquire(LIMIT_S)
    pool.release(first, is_sound=True)
    second = await pool.acquire(LIMIT_S)
    assert second is not first
    assert first.is_removed
    assert told == ["A container on h was not reset to its pristine state."]


async def test_one_that_is_not_sound_is_never_reset() -> None:
    def fail(box: Box) -> bool:
        raise AssertionError("it was reset")

    keeper = ScriptedKeeper(is_restorable=fail)
    pool, _ = pool_of(keeper, 1)
    first = await pool.acquire(LIMIT_S)
    pool.release(first, is_sound=False)
    assert await pool.acquire(LIMIT_S) is not first
    assert keeper.living == [keeper.boxes[1]]


async def test_those_who_wait_are_served_in_their_order() -> None:
    pool, _ = pool_of(ScriptedKeeper(), 1)
    box = await pool.acquire(LIMIT_S)
    order: list[int] = []

    async def use(number: int) -> None:
        mine = await pool.acquire(LIMIT_S)
        order.append(number)
        pool.release(mine, is_sound=True)

    users = [asyncio.create_task(use(number)) for number in range(5)]
    await asyncio.sleep(0)
    pool.release(box, is_sound=True)
    await asyncio.wait_for(asyncio.gather(*users), LIMIT_S)
    assert order == [0, 1, 2, 3, 4]


async def test_a_wait_that_is_too_long_says_what_to_change() -> None:
    pool, _ = pool_of(ScriptedKeeper(), 1)
    await pool.acquire(LIMIT_S)
    with pytest.raises(WorldRuntimeError, match=r"1 of 1 are in use\. Raise rollout\.docker"):
        await pool.acquire(0.01)


async def test_one_who_gives_up_waiting_loses_no_member() -> None:
    pool, _ = pool_of(ScriptedKeeper(), 1)
    box = await pool.acquire(LIMIT_S)
    waiting = asyncio.create_task(pool.acquire(LIMIT_S))
    await asyncio.sleep(0)
    waiting.cancel()
    pool.release(box, is_sound=True)
    await asyncio.gather(waiting, return_exceptions=True)
    await until(lambda: (pool.num_idle, pool.num_in_use) == (1, 0))


async def test_a_host_that_fails_is_told_and_the_others_take_over() -> None:
    def problem(host: str) -> WorldRuntimeError | None:
        return HostFailed("No route.", hint="Mend it.") if host == "bad" else None

    keeper = ScriptedKeeper(problem=problem)
    pool, told = pool_of(keeper, 4, "bad", "good")
    pool.fill()
    await until(lambda: pool.num_idle == 4)
    assert {box.host for box in keeper.boxes} == {"good"}
    assert told[0] == "No route. Mend it. bad is set aside."


async def test_with_no_host_left_waiting_ends_with_the_reasons() -> None:
    error = HostFailed("No route.", hint="Mend it.")
    pool, _ = pool_of(ScriptedKeeper(problem=lambda host: error), 2, "a", "b")
    with pytest.raises(WorldRuntimeError, match=r"\(a: No route; b: No route\)"):
        await pool.acquire(LIMIT_S)
    with pytest.raises(WorldRuntimeError, match="No Docker host can start"):
        await pool.acquire(LIMIT_S)
    await pool.close()


async def test_failed_hosts_are_tried_again_by_themselves() -> None:
    problems = [HostFailed("No route.", hint="Mend it."), None]
    keeper = ScriptedKeeper(problem=lambda host: problems.pop(0))
    pool, _ = pool_of(keeper, 1, aside_s=0.01)
    with pytest.raises(WorldRuntimeError, match="No route"):
        await pool.acquire(LIMIT_S)
    await until(lambda: pool.num_idle == 1)


async def test_closing_ends_what_waits_what_starts_and_what_is_used() -> None:
    keeper = ScriptedKeeper()
    pool, _ = pool_of(keeper, 2)
    used, idle = await pool.acquire(LIMIT_S), await pool.acquire(LIMIT_S)
    pool.release(idle, is_sound=True)
    await until(lambda: pool.num_idle == 1)
    await pool.acquire(LIMIT_S)
    waiting = asyncio.create_task(pool.acquire(LIMIT_S))
    await asyncio.sleep(0)
    keeper.gate = asyncio.Event()
    await pool.close()
    with pytest.raises(WorldRuntimeError, match="closed"):
        await waiting
    with pytest.raises(WorldRuntimeError, match="closed"):
        await pool.acquire(LIMIT_S)
    pool.release(used, is_sound=True)
    assert keeper.living == []


async def test_closing_calls_off_starts() -> None:
    keeper = ScriptedKeeper(gate=asyncio.Event())
    pool, _ = pool_of(keeper, 3)
    pool.fill()
    await until(lambda: keeper.num_starting == 3)
    await asyncio.wait_for(pool.close(), LIMIT_S)
    assert (keeper.num_starting, keeper.boxes) == (0, [])

"""A warm pool: worlds that are ready before they are wanted, and are used again once verified.

Pure logic over a `Keeper`, which starts, restores and removes; `docker` brings one for containers.
A member is handed out to one user at a time, first come, first served. Given back, it is restored
in the background and goes out again only when the keeper vouches for it; else it is removed and
another one is started in its place.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.hosts import HostFailed, Hosts

_MIN_RETRY_S = 0.05


class Member(Protocol):
    """What a pool holds."""

    @property
    def host(self) -> str:
        """Where it runs."""


MemberT = TypeVar("MemberT", bound=Member)
KeptT = TypeVar("KeptT", bound=Member)


class Keeper(Protocol[KeptT]):
    """Does what a pool decides."""

    async def start(self, host: str) -> KeptT:
        """A new member, ready for use. Raises WorldRuntimeError; HostFailed blames the host."""

    async def restore(self, member: KeptT) -> bool:
        """Makes a used member as good as new; False when that cannot be vouched for."""

    async def remove(self, member: KeptT) -> None:
        """Ends a member. Never raises."""


class WarmPool(Generic[MemberT]):
    """Up to `size` members on some hosts."""

    def __init__(
        self,
        keeper: Keeper[MemberT],
        hosts: Hosts,
        *,
        size: int,
        on_problem: Callable[[str], None] = lambda problem: None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_problem` is told each time a start fails and a member cannot be used again."""
        self.size = size
        self._keeper = keeper
        self._hosts = hosts
        self._on_problem = on_problem
        self._clock_s = clock_s
        self._idle: deque[MemberT] = deque()
        self._in_use: list[MemberT] = []
        self._members: list[MemberT] = []
        """All of them: idle, in use, or on the way back."""
        self._waiting: deque[asyncio.Future[MemberT]] = deque()
        self._work: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def num_idle(self) -> int:
        """Members that are ready now."""
        return len(self._idle)

    @property
    def num_in_use(self) -> int:
        """Members that were handed out and not given back."""
        return len(self._in_use)

    def fill(self) -> None:
        """Starts what is missing in the background, as many at a time as the hosts allow."""
        while not self._is_closed and self._hosts.num_held < self.size:
            host = self._hosts.next_host(self._clock_s())
            if host is None:
                self._fail_or_retry()
                return
            self._hosts.starting(host)
            self._spawn(self._start(host))

    async def acquire(self, timeout_s: float) -> MemberT:
        """A ready member, at once when one is idle.

        Raises WorldRuntimeError when none becomes free in time, no host can start one, or the pool
        is closed.
        """
        if self._is_closed:
            raise _closed()
        if self._idle:
            return self._handed_out(self._idle.popleft())
        self.fill()
        if outage := self._hosts.outage(self._clock_s()):
            raise _outage(outage)
        waiting: asyncio.Future[MemberT] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            await asyncio.wait({waiting}, timeout=timeout_s)
            if waiting.done():
                return waiting.result()
            raise WorldRuntimeError(
                f"No container became free within {timeout_s:g} s: {self.num_in_use} of "
                f"{self.size} are in use.",
                hint="Raise rollout.docker.pool_size, or lower rollout.concurrency.",
            )
        except asyncio.CancelledError:
            if waiting.done() and waiting.exception() is None:
                self.release(waiting.result(), is_sound=True)
            raise
        finally:
            waiting.cancel()
            with contextlib.suppress(ValueError):
                self._waiting.remove(waiting)

    def release(self, member: MemberT, *, is_sound: bool) -> None:
        """Takes a member back; one that is not sound is removed and replaced. Returns at once."""
        if self._is_closed:
            return  # `close` removes it
        self._in_use.remove(member)
        self._spawn(self._restore(member) if is_sound else self._replace(member))

    async def close(self) -> None:
        """Calls off what is under way and removes every member, those in use too."""
        self._is_closed = True
        if self._retry is not None:
            self._retry.cancel()
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(_closed())
        work = tuple(self._work)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        self._idle.clear()
        self._in_use.clear()
        await asyncio.gather(*(self._remove(member) for member in tuple(self._members)))

    async def _start(self, host: str) -> None:
        try:
            member = await self._keeper.start(host)
        except WorldRuntimeError as error:
            self._failed(host, error)
        except BaseException:
            self._hosts.abandoned(host)
            raise
        else:
            self._hosts.started(host)
            self._members.append(member)
            self._ready(member)
        self.fill()

    async def _restore(self, member: MemberT) -> None:
        if await self._keeper.restore(member):
            self._ready(member)
        else:
            self._on_problem(f"A container on {member.host} was not reset to its pristine state.")
            await self._replace(member)

    async def _replace(self, member: MemberT) -> None:
        await self._remove(member)
        self.fill()

    async def _remove(self, member: MemberT) -> None:
        self._members.remove(member)
        await self._keeper.remove(member)
        self._hosts.removed(member.host)

    def _ready(self, member: MemberT) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(self._handed_out(member))
                return
        self._idle.append(member)

    def _handed_out(self, member: MemberT) -> MemberT:
        self._in_use.append(member)
        return member

    def _failed(self, host: str, error: WorldRuntimeError) -> None:
        is_aside = self._hosts.failed(
            host, error.what, self._clock_s(), is_host=isinstance(error, HostFailed)
        )
        told = f"{error} {host} is set aside." if is_aside else f"{error}"
        self._on_problem(told)

    def _fail_or_retry(self) -> None:
        """With every host set aside, ends the waiting with the reason and looks again later."""
        now_s = self._clock_s()
        outage = self._hosts.outage(now_s)
        if not outage:
            return  # a start that is under way fills further when it ends
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(_outage(outage))
        if self._retry is None or self._retry.cancelled():
            wait_s = max(_MIN_RETRY_S, self._hosts.usable_in_s(now_s))
            self._retry = asyncio.get_running_loop().call_later(wait_s, self._again)

    def _again(self) -> None:
        self._retry = None
        self.fill()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _closed() -> WorldRuntimeError:
    return WorldRuntimeError("The pool of containers is closed.", hint="Open a new runtime.")


def _outage(problems: str) -> WorldRuntimeError:
    return WorldRuntimeError(
        f"No Docker host can start a container ({problems}).",
        hint="Mend that; failed hosts are tried again by themselves.",
    )

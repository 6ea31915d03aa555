"""Where a new rollout goes while others are still on their way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from exporter.server.affinity import Home
from exporter.server.asgi import Reply, Request, json_reply
from exporter.server.board import Board, Column
from exporter.server.doors import Doors
from exporter.server.peers import PeerEnded, Peers
from exporter.server.routing import Place, Placing

ONE = Request(method="POST", path="/rollouts", headers={}, body=b"", origin="http://host")


def group(size: int) -> Request:
    return replace(ONE, body=json.dumps({"count": size}).encode())


class SlowPeers(Peers):
    """Workers that note at once what they make, and answer when they are let."""

    def __init__(self, doors: Doors, board: Board) -> None:
        super().__init__(doors, 0)
        self.board = board
        self.asked: list[int] = []
        self.is_made_at_once = True
        self.failure: Exception | None = None
        self.may_answer = asyncio.Event()
        self.is_asked = asyncio.Event()

    async def ask(self, worker: int, request: Request) -> Reply:
        self.asked.append(worker)
        if self.is_made_at_once:
            self.make(worker, request)
        self.is_asked.set()
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
        if not self.is_made_at_once:
            self.make(worker, request)
        return json_reply({}, 201)

    def make(self, worker: int, request: Request) -> None:
        size = json.loads(request.body)["count"] if request.body else 1
        self.board.rows[worker].add(Column.CREATED, size)
        self.board.rows[worker].add(Column.ACTIVE, size)


class Farm:
    """Two workers, and what places rollouts in them."""

    def __init__(self, doors: Doors) -> None:
        board = Board(2)
        for row in board.rows:
            row[Column.IS_ALIVE] = 1
        self.peers = SlowPeers(doors, board)
        home = Home(worker=0, generation=0)
        self.placing = Placing(Place(home=home, board=board, peers=self.peers), capacity=100)
        self._making: list[asyncio.Task[Reply]] = []

    async def send(self, *requests: Request) -> list[int]:
        """The workers that were asked, one request after the other; none is answered yet."""
        begin = len(self.peers.asked)
        for request in requests:
            self.peers.is_asked.clear()
            self._making.append(asyncio.create_task(self.placing.make(request)))
            await self.peers.is_asked.wait()
        return self.peers.asked[begin:]

    async def answer(self) -> Sequence[Reply]:
        self.peers.may_answer.set()
        replies = await asyncio.gather(*self._making)
        self.peers.may_answer.clear()
        self._making.clear()
        return replies

    async def cancel(self) -> None:
        for each in self._making:
            each.cancel()
        await asyncio.wait(self._making)
        self._making.clear()


@pytest.fixture
async def farm() -> Farm:
    with Doors(2) as doors:
        return Farm(doors)


@pytest.mark.parametrize("is_made_at_once", [True, False])
async def test_a_rollout_counts_once_before_its_answer_is_here(
    farm: Farm, is_made_at_once: bool
) -> None:
    farm.peers.is_made_at_once = is_made_at_once
    assert await farm.send(ONE) == [0]
    farm.peers.board.rows[1].add(Column.ACTIVE, 1)
    farm.peers.board.rows[1].add(Column.CREATED, 1)
    assert await farm.send(ONE, ONE, ONE) == [0, 1, 0]


@pytest.mark.parametrize("is_made_at_once", [True, False])
async def test_a_group_counts_with_all_its_rollouts(farm: Farm, is_made_at_once: bool) -> None:
    farm.peers.is_made_at_once = is_made_at_once
    assert await farm.send(group(4), ONE, ONE, group(2), ONE, ONE) == [0, 1, 1, 1, 0, 1]
    assert [reply.status for reply in await farm.answer()] == [201] * 6
    assert await farm.send(ONE, ONE, ONE) == [0, 1, 0]


@pytest.mark.parametrize("failure", [PeerEnded(), TimeoutError()])
async def test_what_was_not_made_counts_no_longer(farm: Farm, failure: Exception) -> None:
    farm.peers.is_made_at_once, farm.peers.failure = False, failure
    await farm.send(group(4))
    assert [reply.status for reply in await farm.answer()] == [503]
    farm.peers.failure = None
    assert await farm.send(ONE, ONE, ONE, ONE) == [0, 1, 0, 1]
    await farm.cancel()
    assert await farm.send(ONE, ONE, ONE) == [0, 1, 0]


async def test_what_was_made_after_all_is_no_room_for_more(farm: Farm) -> None:
    await farm.send(ONE, ONE)
    await farm.cancel()
    assert await farm.send(ONE, ONE, ONE) == [0, 1, 0]
    assert await farm.send(group(3), ONE, ONE) == [1, 0, 0]


@pytest.mark.parametrize("body", [b"{", b'{"count": "all"}', b"[]", b'{"count": 0}'])
async def test_a_request_that_cannot_be_read_is_placed_as_one(farm: Farm, body: bytes) -> None:
    farm.peers.is_made_at_once = False
    assert await farm.send(replace(ONE, body=body), ONE, ONE) == [0, 1, 0]

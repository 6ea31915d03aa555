"""A rollout is made once per idempotency key, however often and however soon it is asked for."""

import asyncio

from exporter.server.asgi import Reply, Request, json_reply
from exporter.server.desk import KEY_HEADER, Desk


class Maker:
    """Makes numbered rollouts once it is let."""

    def __init__(self, status: int = 201) -> None:
        self.num_made = 0
        self.may_go_on = asyncio.Event()
        self._status = status

    async def __call__(self, request: Request) -> Reply:
        await self.may_go_on.wait()
        self.num_made += 1
        return json_reply({"id": self.num_made}, self._status)


def asked(key: str = "", body: bytes = b"") -> Request:
    headers = {KEY_HEADER: key} if key else {}
    return Request(method="POST", path="/rollouts", origin="", headers=headers, body=body)


async def test_a_retry_that_comes_while_the_first_runs_gets_its_rollout() -> None:
    maker = Maker()
    desk = Desk(maker)
    waiting = [asyncio.create_task(desk.create(asked("k"))) for _ in range(3)]
    await asyncio.sleep(0)
    maker.may_go_on.set()
    replies = await asyncio.gather(*waiting)
    assert maker.num_made == 1
    assert {reply.body for reply in (*replies, await desk.create(asked("k")))} == {b'{"id":1}'}


async def test_a_client_that_goes_away_ends_nothing() -> None:
    maker = Maker()
    desk = Desk(maker)
    first = asyncio.create_task(desk.create(asked("k")))
    await asyncio.sleep(0)
    second = asyncio.create_task(desk.create(asked("k")))
    await asyncio.sleep(0)
    first.cancel()
    maker.may_go_on.set()
    assert (await second).body == b'{"id":1}'
    assert (await desk.create(asked("k"))).body == b'{"id":1}'
    assert maker.num_made == 1


async def test_without_a_key_or_with_another_one_a_new_one_is_made() -> None:
    maker = Maker()
    maker.may_go_on.set()
    desk = Desk(maker)
    for request in (asked(), asked(), asked("a"), asked("b")):
        await desk.create(request)
    assert maker.num_made == 4


async def test_a_key_of_another_start_is_refused() -> None:
    maker = Maker()
    maker.may_go_on.set()
    desk = Desk(maker)
    await desk.create(asked("k"))
    refused = await desk.create(asked("k", b'{"tool_surface": "reading"}'))
    assert (refused.status, maker.num_made) == (422, 1)


async def test_what_failed_is_tried_again() -> None:
    maker = Maker(status=429)
    maker.may_go_on.set()
    desk = Desk(maker)
    for _ in range(2):
        assert (await desk.create(asked("k"))).status == 429
    assert maker.num_made == 2

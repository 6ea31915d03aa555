"""Attention over whole batches says the same as one row at a time, whatever rows share."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from rl_backend.engines.cpu.attention import MIN_SHARED, DecodePlan, Room, decode, extend

WIDTH = 8


@dataclass(frozen=True)
class Case:
    """Rows over a cache; `shapes` are (key heads, query heads per key head)."""

    places_B_T: Tensor
    lens_B: Tensor
    num_keys: int
    num_groups: int
    keys: Tensor
    values: Tensor
    query_B_H_D: Tensor

    @property
    def plan(self) -> DecodePlan:
        return DecodePlan.of(
            self.places_B_T,
            self.lens_B,
            num_heads=self.num_keys * self.num_groups,
            num_keys=self.num_keys,
        )

    def expected(self, scale: float | None = None) -> Tensor:
        rows = []
        for query_H_D, places_T, length in zip(
            self.query_B_H_D, self.places_B_T, self.lens_B.tolist(), strict=True
        ):
            key, value = (cache[places_T[:length]].transpose(0, 1) for cache in self.caches)
            query = query_H_D[:, None]
            rows.append(
                scaled_dot_product_attention(query, key, value, scale=scale, enable_gqa=True)[:, 0]
            )
        return torch.stack(rows)

    @property
    def caches(self) -> tuple[Tensor, Tensor]:
        return self.keys, self.values


def case(
    groups: list[list[int]], shared: int, deeper: int, *, num_keys: int = 2, num_groups: int = 1
) -> Case:
    """Groups of rows with so many own tokens; all share places, each group `deeper` more."""
    generator = torch.Generator().manual_seed(7)
    total = shared + sum(deeper + sum(group) for group in groups) + 1
    free = torch.randperm(total, generator=generator).tolist()
    common = [free.pop() for _ in range(shared)]
    rows = []
    for group in groups:
        more = [free.pop() for _ in range(deeper)]
        rows += [[*common, *more, *(free.pop() for _ in range(own))] for own in group]
    lens = [len(row) for row in rows]
    stale = [torch.randint(total, (max(lens) + 3,), generator=generator) for _ in rows]
    for places, row in zip(stale, rows, strict=True):
        places[: len(row)] = torch.tensor(row)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    return Case(
        places_B_T=torch.stack(stale),
        lens_B=torch.tensor(lens),
        num_keys=num_keys,
        num_groups=num_groups,
        keys=random(total, num_keys, WIDTH),
        values=random(total, num_keys, WIDTH),
        query_B_H_D=random(len(rows), num_keys * num_groups, WIDTH),
    )


@settings(max_examples=60)
@given(
    groups=st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=4), min_size=1, max_size=4),
    shared=st.sampled_from([0, 5, MIN_SHARED - 1, MIN_SHARED, MIN_SHARED + 1, 70]),
    deeper=st.sampled_from([0, 3, MIN_SHARED, 50]),
    num_keys=st.integers(1, 3),
    num_groups=st.integers(1, 3),
)
def test_rows_see_what_each_sees_alone(
    groups: list[list[int]], shared: int, deeper: int, num_keys: int, num_groups: int
) -> None:
    found = case(groups, shared, deeper, num_keys=num_keys, num_groups=num_groups)
    made = decode(found.query_B_H_D, *found.caches, found.plan, Room())
    torch.testing.assert_close(made, found.expected(), atol=1e-5, rtol=1e-5)


def test_what_all_and_what_some_share_is_read_once() -> None:
    plan = case([[4, 5, 6], [7, 8], [9]], shared=64, deeper=40).plan
    assert [(len(s.rows_R), s.start, s.end) for s in plan.stretches] == [
        (6, 0, 64),
        (3, 64, 104),
        (2, 64, 104),
    ]
    assert len(plan.row_N) == 4 + 5 + 6 + 7 + 8 + (40 + 9)


def test_a_row_that_is_all_shared_still_reads_its_last_token() -> None:
    found = case([[1, 1]], shared=MIN_SHARED, deeper=0)
    places = found.places_B_T.clone()
    places[1] = places[0]
    same = Case(places, found.lens_B, 2, 1, found.keys, found.values, found.query_B_H_D)
    made = decode(same.query_B_H_D, *same.caches, same.plan, Room())
    torch.testing.assert_close(made, same.expected(), atol=1e-5, rtol=1e-5)


def test_room_is_used_again_by_smaller_and_larger_steps() -> None:
    room = Room()
    for own in (3, 30, 2, 90):
        found = case([[own, own + 1], [own]], shared=40, deeper=0, num_groups=2)
        made = decode(found.query_B_H_D, *found.caches, found.plan, room, scale=0.3)
        torch.testing.assert_close(made, found.expected(scale=0.3), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("num_new", [1, 5, 17])
@pytest.mark.parametrize("num_groups", [1, 3])
def test_new_tokens_see_all_up_to_themselves(num_new: int, num_groups: int) -> None:
    found = case([[17]], shared=0, deeper=0, num_groups=num_groups)
    places_T = found.places_B_T[0, :17]
    query = torch.randn(17, 2 * num_groups, WIDTH)
    key, value = (cache[places_T].transpose(0, 1)[None] for cache in found.caches)
    whole = scaled_dot_product_attention(
        query.transpose(0, 1)[None], key, value, is_causal=True, enable_gqa=True
    )[0].transpose(0, 1)
    made = extend(query[-num_new:], *found.caches, places_T, scale=None)
    torch.testing.assert_close(made, whole[-num_new:], atol=1e-5, rtol=1e-5)

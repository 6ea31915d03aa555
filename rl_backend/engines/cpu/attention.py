"""Attention over a paged float32 cache on a CPU, for a whole batch at a time.

Used by `backend` inside SGLang's scheduler; knows torch and nothing of SGLang. What rows have in
common is read once: rows whose tokens lie in the same places of the cache share a prefix, so each
such stretch is one matrix product, and only what a row has for itself is gathered.

Axes: `_B` rows, `_T` positions in a row, `_N` tokens that one row alone has, `_H` query heads,
`_K` key heads, `_G` query heads per key head, `_D` width of a head, `_R` rows of a stretch, `_S`
its positions. A place is an index into the cache.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, scaled_dot_product_attention

MIN_SHARED = 32
"""Shorter common stretches are not worth a product of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Positions `start` to `end` of some rows, which lie in the same places."""

    rows_R: Tensor
    start: int
    end: int
    places_S: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodePlan:
    """What one step of decoding reads; the same for all layers."""

    num_positions: int
    stretches: tuple[Stretch, ...]
    row_N: Tensor
    place_N: Tensor
    scores_N_H: Tensor
    """Where the scores of own tokens stand in a flat [B, H, T]."""
    weights: Tensor
    """The same by row, head and position."""
    values: Tensor
    """What stands there, as indices into a cache of [places x K, D]."""
    bags: Tensor
    """Where each row and head begins in `weights` and `values`."""

    @staticmethod
    def of(places_B_T: Tensor, lens_B: Tensor, *, num_heads: int, num_keys: int) -> DecodePlan:
        """The plan for rows of these lengths; places beyond a row's length say nothing."""
        lens: list[int] = lens_B.tolist()
        num_rows, num_positions = len(lens), max(lens)
        places_B_T = places_B_T[:, :num_positions]
        starts = [0] * num_rows
        stretches = tuple(_stretches(places_B_T, lens, list(range(num_rows)), 0, starts))
        starts_B, positions_T = torch.tensor(starts), torch.arange(num_positions)
        own_B_T = (positions_T >= starts_B[:, None]) & (positions_T < lens_B[:, None])
        row_N, position_N = own_B_T.nonzero(as_tuple=True)
        of_all = (num_rows, num_heads, num_positions)
        weights = own_B_T[:, None].expand(of_all).flatten().nonzero()[:, 0]
        key_H = torch.arange(num_heads) // (num_heads // num_keys)
        places_B_H_T = places_B_T[:, None] * num_keys + key_H[:, None]
        num_own_BH = (lens_B - starts_B).repeat_interleave(num_heads)
        return DecodePlan(
            num_positions=num_positions,
            stretches=stretches,
            row_N=row_N,
            place_N=places_B_T[row_N, position_N],
            scores_N_H=(row_N[:, None] * num_heads + torch.arange(num_heads)) * num_positions
            + position_N[:, None],
            weights=weights,
            values=places_B_H_T.flatten().index_select(0, weights),
            bags=num_own_BH.cumsum(0) - num_own_BH,
        )


class Room:
    """Memory that all layers and steps use again: to get fresh one costs more than to fill it."""

    def __init__(self) -> None:
        self._rooms: dict[str, Tensor] = {}

    def gathered(self, name: str, source: Tensor, index_N: Tensor) -> Tensor:
        """The rows of `source`, until the next call of the same name."""
        shape = (len(index_N), *source.shape[1:])
        size = len(index_N) * source[0].numel()
        room = self._rooms.get(name)
        if room is None or room.numel() < size:
            room = self._rooms[name] = torch.empty(size + size // 4)
        return torch.index_select(source, 0, index_N, out=room[:size].view(shape))


def decode(
    query_B_H_D: Tensor,
    keys: Tensor,
    values: Tensor,
    plan: DecodePlan,
    room: Room,
    *,
    scale: float | None = None,
) -> Tensor:
    """What one new token of each row sees; the caches are [places, K, D], contiguous.

    Returns [B, H, D of the values].
    """
    num_rows, num_heads, width = query_B_H_D.shape
    query_B_H_D = query_B_H_D * (width**-0.5 if scale is None else scale)
    scores_B_H_T = query_B_H_D.new_full((num_rows, num_heads, plan.num_positions), -torch.inf)
    for each in plan.stretches:
        query_K_RG_D = _by_key(query_B_H_D[each.rows_R], keys.shape[1])
        found_K_RG_S = query_K_RG_D @ keys[each.places_S].permute(1, 2, 0)
        scores_B_H_T[each.rows_R, :, each.start : each.end] = _by_row(found_K_RG_S, num_heads)
    own_N_H = _own_scores(query_B_H_D, keys, plan, room)
    scores_B_H_T.view(-1).scatter_(0, plan.scores_N_H.view(-1), own_N_H.flatten())
    weights_B_H_T = scores_B_H_T.softmax(-1)
    out_B_H_D = embedding_bag(
        plan.values,
        values.view(-1, values.shape[-1]),
        plan.bags,
        mode="sum",
        per_sample_weights=weights_B_H_T.view(-1).index_select(0, plan.weights),
    ).view(num_rows, num_heads, -1)
    for each in plan.stretches:
        weights_K_RG_S = _by_key(
            weights_B_H_T[each.rows_R, :, each.start : each.end], keys.shape[1]
        )
        found_K_RG_D = weights_K_RG_S @ values[each.places_S].transpose(0, 1)
        out_B_H_D[each.rows_R] += _by_row(found_K_RG_D, num_heads)
    return out_B_H_D


def _own_scores(query_B_H_D: Tensor, keys: Tensor, plan: DecodePlan, room: Room) -> Tensor:
    """The scores of tokens that one row alone has, [N, H]."""
    key_N_K_D = room.gathered("keys", keys, plan.place_N)
    query_N_H_D = room.gathered("queries", query_B_H_D, plan.row_N)
    num_own, num_heads, width = query_N_H_D.shape
    query_N_K_G_D = query_N_H_D.view(num_own, keys.shape[1], num_heads // keys.shape[1], width)
    query_N_K_G_D *= key_N_K_D[:, :, None]
    return query_N_H_D.sum(-1)


def _by_key(given_R_H_X: Tensor, num_keys: int) -> Tensor:
    """Heads that read the same keys side by side: [K, R x G, X]."""
    num_rows, num_heads, width = given_R_H_X.shape
    by_key_R_K_G_X = given_R_H_X.view(num_rows, num_keys, num_heads // num_keys, width)
    return by_key_R_K_G_X.transpose(0, 1).flatten(1, 2)


def _by_row(given_K_RG_X: Tensor, num_heads: int) -> Tensor:
    """The inverse of `_by_key`: [R, H, X]."""
    num_keys, num_rg, width = given_K_RG_X.shape
    num_groups = num_heads // num_keys
    of_rows_K_R_G_X = given_K_RG_X.view(num_keys, num_rg // num_groups, num_groups, width)
    return of_rows_K_R_G_X.transpose(0, 1).flatten(1, 2)


def extend(
    query_N_H_D: Tensor, keys: Tensor, values: Tensor, places_T: Tensor, *, scale: float | None
) -> Tensor:
    """What the last N tokens of a row of T see, each up to itself. Returns [N, H, D]."""
    num_new, num_all = len(query_N_H_D), len(places_T)
    mask_N_T = None
    if num_new < num_all:
        mask_N_T = torch.ones(num_new, num_all, dtype=torch.bool).tril(num_all - num_new)
    found = scaled_dot_product_attention(
        query_N_H_D.transpose(0, 1)[None],
        keys[places_T].transpose(0, 1)[None],
        values[places_T].transpose(0, 1)[None],
        attn_mask=mask_N_T,
        is_causal=mask_N_T is None,
        scale=scale,
        enable_gqa=query_N_H_D.shape[1] != keys.shape[1],
    )
    return found[0].transpose(0, 1)


def _stretches(
    places_B_T: Tensor, lens: Sequence[int], rows: list[int], start: int, starts: list[int]
) -> Iterator[Stretch]:
    """The stretches of rows that are alike up to `start`; sets where each row's own part begins."""
    far = start + MIN_SHARED - 1
    alike = defaultdict(list)
    for row in rows:
        if lens[row] > far + 1:
            alike[int(places_B_T[row, far])].append(row)
    for group in alike.values():
        if len(group) < 2:
            continue
        rows_R = torch.tensor(group)
        part_R_S = places_B_T[rows_R, start : min(lens[row] for row in group)]
        end = start + int((part_R_S == part_R_S[0]).all(0).int().cumprod(0).sum())
        if end <= far:
            continue
        yield Stretch(rows_R=rows_R, start=start, end=end, places_S=part_R_S[0, : end - start])
        for row in group:
            starts[row] = end
        yield from _stretches(places_B_T, lens, group, end, starts)

"""The sizes of a model's expert layers, read from the keys of its `config.json`.

A part of `model_shape`. Covers routing by softmax (Qwen3-MoE) and by sigmoid with a correction that
training leaves as it is (GLM-4.5 and later).
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """The layers in which a router gives each token to a few of many feed-forward parts."""

    num: int
    per_token: int
    ffn_size: int
    layers: frozenset[int]
    """Numbers of the layers that have them, from 0; the others are dense."""
    is_renormalized: bool
    """Whether the chosen experts' shares are made to sum to 1."""
    is_sigmoid: bool = False
    """Whether scores are sigmoids with a correction when choosing; else a softmax over all."""
    scaling: float = 1.0
    """Factor of the routed experts' sum."""
    shared_ffn_size: int = 0
    """Width of the part that sees every token; 0: there is none."""


class ExpertKeys(BaseModel):
    """The keys of `config.json` that say where experts are and how they are chosen."""

    model_config = ConfigDict(extra="ignore")
    num_hidden_layers: int
    num_experts: int | None = None
    num_local_experts: int | None = None
    n_routed_experts: int | None = None
    n_shared_experts: int = 0
    num_experts_per_tok: int = 0
    moe_intermediate_size: int = 0
    first_k_dense_replace: int = 0
    decoder_sparse_step: int = 1
    mlp_only_layers: tuple[int, ...] | None = None
    norm_topk_prob: bool | None = None
    """None is what transformers takes: true of sigmoids, false of a softmax."""
    routed_scaling_factor: float = 1.0
    n_group: int = 1

    def experts(self, *, is_sigmoid: bool) -> Experts | None:
        """The expert layers; None when there are none.

        Raises:
            ValueError: experts are chosen in a way that the trainer does not know.
        """
        num = self.num_experts or self.num_local_experts or self.n_routed_experts or 0
        layers = frozenset(filter(self._is_sparse, range(self.num_hidden_layers)))
        if not (num and layers):
            return None
        if self.n_group != 1:
            raise ValueError("experts that are chosen in groups")
        is_renormalized = is_sigmoid if self.norm_topk_prob is None else self.norm_topk_prob
        if is_sigmoid and not is_renormalized:
            raise ValueError("sigmoid scores that are not made to sum to 1")
        return Experts(
            num=num,
            per_token=self.num_experts_per_tok,
            ffn_size=self.moe_intermediate_size,
            layers=layers,
            is_renormalized=is_renormalized,
            is_sigmoid=is_sigmoid,
            scaling=self.routed_scaling_factor,
            shared_ffn_size=self.n_shared_experts * self.moe_intermediate_size,
        )

    def _is_sparse(self, layer: int) -> bool:
        return (
            layer >= self.first_k_dense_replace
            and layer not in (self.mlp_only_layers or ())
            and (layer + 1) % self.decoder_sparse_step == 0
        )

"""What a further rank does: the same as rank 0, call by call, until it is told to close.

It writes no file of the run and knows no loop. A refusal that all ranks share (a checkpoint that
does not load) is survived; any other failure ends it, with the reason left for rank 0.
"""

from __future__ import annotations

import logging
import os
import signal
import sys

import torch.distributed as dist

from rl_backend.errors import TrainerError
from rl_backend.trainers.megatron import MegatronTrainer
from rl_backend.trainers.rank_link import Call, RankLink, given_store
from rl_backend.trainers.ranked import CLOSE, SURVIVED, Opening

_log = logging.getLogger(__name__)


def follow() -> int:
    """Works for rank 0 until it closes: 0 then, 1 when this rank failed or rank 0 is gone."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    # A stop is asked of rank 0 alone, which finishes its step with all ranks.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    rank, num_ranks = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    try:
        link = RankLink.join(given_store(), rank=rank, num_ranks=num_ranks)
    except TrainerError as error:
        _log.error("rank %d: %s", rank, error)
        return 1
    try:
        _work(link)
    except Exception as error:
        _log.exception("rank %d of the trainer failed", rank)
        _leave_word(link, f"{type(error).__name__}: {error}")
        return 1
    dist.destroy_process_group()
    return 0


def _work(link: RankLink) -> None:
    opening = Opening(**link.hear().args)  # type: ignore[arg-type]
    try:
        trainer = link.agreed(opening.trainer)
    except ValueError:
        return
    with trainer:
        while (call := link.hear()).method != CLOSE:
            _make(call, trainer, link)


def _make(call: Call, trainer: MegatronTrainer, link: RankLink) -> None:
    def work() -> object:
        return getattr(trainer, call.method)(**call.args)

    if call.method not in SURVIVED:
        work()
        return
    try:
        link.agreed(work)
    except ValueError as refusal:
        _log.info("rank %d goes on without %s: %s", link.rank, call.method, refusal)


def _leave_word(link: RankLink, text: str) -> None:
    try:
        link.leave_word(text)
    except RuntimeError:
        _log.info("rank %d: rank 0 is gone", link.rank)

"""The figures of a server, as Prometheus reads them."""

from exporter.server.board import BUCKETS_S, Board, Column
from exporter.server.metrics import exposition
from tests.exporter.metric_values import metric_values


def test_figures_of_all_workers_are_added_up() -> None:
    board = Board(2)
    for row, seconds in zip(board.rows, (BUCKETS_S[0], 60.0), strict=True):
        row.add_call("ok", seconds)
        row.add(Column.CREATED, 2)
    board.rows[0].add_call("not_found", BUCKETS_S[1])
    board.rows[1].add(Column.GENERATION)
    values = metric_values(exposition(board, {"world": 'a "b"\\'}))
    assert values['tool_calls_total{outcome="ok"}'] == 2
    assert values['tool_calls_total{outcome="not_found"}'] == 1
    assert values[f'tool_call_seconds_bucket{{le="{BUCKETS_S[0]}"}}'] == 1
    assert values[f'tool_call_seconds_bucket{{le="{BUCKETS_S[-1]}"}}'] == 2
    assert values['tool_call_seconds_bucket{le="+Inf"}'] == values["tool_call_seconds_count"] == 3
    assert values["tool_call_seconds_sum"] > 60
    assert values["rollouts_created_total"] == 4
    assert values["worker_restarts_total"] == 1
    assert values["workers"] == 2
    assert values["workers_alive"] == 0
    assert values["draining"] == 0
    assert values['bundle_info{world="a \\"b\\"\\\\"}'] == 1


def test_a_board_says_when_it_is_drained() -> None:
    board = Board(2)
    assert not board.is_drained()
    board.rows[1][Column.ACTIVE] = 1
    board.drain(1e6)
    assert board.is_draining
    assert not board.is_drained()
    board.rows[1][Column.ACTIVE] = 0
    assert board.is_drained()
    board.rows[1][Column.ACTIVE] = 1
    board.drain(0)
    assert board.is_drained()

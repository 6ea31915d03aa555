"""A long command says what it is at, also where no terminal is."""

from io import StringIO

from rich.console import Console

from studio.cli_status import SECONDS_BETWEEN_LINES, telling


def test_lines_come_now_and_then_where_no_terminal_is() -> None:
    out, now = StringIO(), [0.0]
    with telling("starting [a]", Console(file=out, width=80), lambda: now[0]) as tell:
        tell("step 1")
        now[0] = SECONDS_BETWEEN_LINES
        tell("step 2")
        tell("step 3")
    assert out.getvalue().splitlines() == ["starting [a]", "step 2"]


def test_a_terminal_shows_the_last_stage() -> None:
    out = StringIO()
    terminal = Console(file=out, force_terminal=True, width=80, _environ={"TERM": "xterm"})
    with telling("starting", terminal) as tell:
        tell("step 1")
    assert "step 1" in out.getvalue()

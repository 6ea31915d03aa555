"""Parts of a work come out in their order, whoever does them."""

import os
from collections.abc import Callable

import pytest

from exporter import forks
from exporter.forks import forked
from world_builder.templates.sharing import PartT, alone, in_parts, shared_by


@pytest.fixture
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(forks, "FEW_PARTS", 2)
    monkeypatch.setattr(forks, "can_fork", lambda: True)


def part(number: int) -> tuple[int, int]:
    return number, os.getpid()


@pytest.mark.usefixtures("two_processes")
def test_forks_do_the_parts_and_their_order_stays() -> None:
    offset = 10  # a fork knows what was made before
    done = forked(lambda number: (number + offset, os.getpid()), 5)
    assert [number for number, _ in done] == [10, 11, 12, 13, 14]
    assert os.getpid() not in {process for _, process in done}


@pytest.mark.usefixtures("two_processes")
def test_what_a_part_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        forked(lambda number: 1 // (number - 1), 3)


def test_few_parts_are_done_here() -> None:
    assert forked(part, 3) == alone(part, 3) == [(n, os.getpid()) for n in range(3)]


def test_parts_are_shared_out_as_long_as_somebody_is_appointed() -> None:
    assert in_parts(str, 2) == ["0", "1"]
    asked: list[int] = []

    def counting(work: Callable[[int], PartT], num_parts: int, /) -> list[PartT]:
        asked.append(num_parts)
        return alone(work, num_parts)

    with shared_by(counting):
        assert in_parts(str, 2) == ["0", "1"]
    in_parts(str, 3)
    assert asked == [2]

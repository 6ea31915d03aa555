"""Placement: shares, bounded starts, and hosts that are set aside and come back."""

from collections import Counter

from rl_backend.runtimes.hosts import FAILURES_IN_A_ROW, Hosts


def test_containers_go_to_hosts_by_their_shares() -> None:
    hosts = Hosts([("big", 3.0), ("small", 1.0)], parallel_starts=100)
    placed: Counter[str] = Counter()
    for _ in range(16):
        name = hosts.next_host(0.0)
        assert name is not None
        hosts.starting(name)
        hosts.started(name)
        placed[name] += 1
    assert placed == {"big": 12, "small": 4}
    hosts.removed("big")
    assert hosts.next_host(0.0) == "big"
    assert hosts.num_held == 15


def test_a_host_starts_a_few_at_a_time() -> None:
    hosts = Hosts([("one", 1.0)], parallel_starts=2)
    for _ in range(2):
        assert hosts.next_host(0.0) == "one"
        hosts.starting("one")
    assert hosts.next_host(0.0) is None
    assert hosts.outage(0.0) == ""
    hosts.abandoned("one")
    assert hosts.next_host(0.0) == "one"
    assert hosts.num_held == 1


def test_a_host_at_fault_is_set_aside_for_a_while() -> None:
    hosts = Hosts([("bad", 9.0), ("good", 1.0)], parallel_starts=4, aside_s=30)
    hosts.starting("bad")
    assert hosts.failed("bad", "no route", 100.0, is_host=True)
    assert hosts.next_host(129.0) == "good"
    assert hosts.outage(129.0) == ""
    assert hosts.usable_in_s(110.0) == 20
    assert hosts.next_host(130.0) == "bad"


def test_a_host_whose_containers_fail_in_a_row_is_set_aside_too() -> None:
    hosts = Hosts([("one", 1.0)], parallel_starts=4, aside_s=30)
    asides = []
    for _ in range(FAILURES_IN_A_ROW):
        hosts.starting("one")
        asides.append(hosts.failed("one", "it ended", 0.0, is_host=False))
    assert asides == [False, False, True]
    assert hosts.outage(0.0) == "one: it ended"
    hosts.starting("one")
    hosts.started("one")
    assert hosts.outage(0.0) == ""
    hosts.starting("one")
    assert not hosts.failed("one", "it ended", 0.0, is_host=False)

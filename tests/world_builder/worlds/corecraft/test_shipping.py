"""Answers about parcels as an expert would check them: other wordings pass, mistakes do not."""

import re
from datetime import date, timedelta

import pytest

from world_builder.audit.outcomes import attempt
from world_builder.tasks import ReferenceSolution, Task
from world_builder.tools import ToolCall
from world_builder.workbench import Workbench, reference_of
from world_builder.worlds.corecraft import DEFAULT_SEED, build
from world_builder.worlds.corecraft.company import Company, Shipment
from world_builder.worlds.corecraft.reckoning.parcels import (
    Estimate,
    carrier_delay,
    counts_as_lost,
    days_late,
    estimate,
)
from world_builder.worlds.corecraft.rules import add_business_days
from world_builder.worlds.corecraft.scenarios.shipping.lateness import Arrival, arrivals
from world_builder.worlds.corecraft.scenarios.shipping.wording import day_of
from world_builder.worlds.corecraft.story import build_company

SHP = re.compile(r"shp-\d{6}-\d{3}")


class Examiner:
    """The world with its tasks, and what fails an answer."""

    def __init__(self) -> None:
        world = build(DEFAULT_SEED)
        self.company: Company = build_company(DEFAULT_SEED)
        self._bench = Workbench(world)
        self._tasks = world.tasks
        self._parcels = {s.tracking_number: s for s in self.company.shipments}

    def tasks(self, scenario: str) -> list[Task]:
        found = [task for task in self._tasks if task.scenario == scenario]
        assert len(found) >= 12
        return found

    def failed(
        self, task: Task, response: str, calls: tuple[ToolCall, ...] | None = None
    ) -> set[str]:
        """Ids of the criteria that the answer misses; `calls` None makes the reference's."""
        made = reference_of(task).calls if calls is None else calls
        run = attempt(self._bench, task, ReferenceSolution(calls=made, response=response))
        return {verdict.criterion_id for verdict in run.refused_by}

    def parcel_in(self, text: str) -> Shipment | None:
        """The parcel whose tracking number the text names."""
        return next((p for n, p in self._parcels.items() if n in text), None)


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner()


def test_a_traced_parcel_needs_its_own_days(examiner: Examiner) -> None:
    traced = [(t, p) for t in examiner.tasks("track-parcel") if (p := examiner.parcel_in(t.title))]
    assert len(traced) >= 6
    for task, parcel in traced:
        scan = parcel.events[-1]
        told = (
            f"- order: {parcel.order_id}\n- {parcel.carrier}, status `{parcel.status}`\n"
            f"- last scan {scan.at:%m/%d/%Y}, {scan.place}\n- promised day: {{}}"
        )
        assert examiner.failed(task, told.format(parcel.promised_on)) == set()
        day_after = parcel.promised_on + timedelta(days=1)
        assert "promised" in examiner.failed(task, told.format(day_after))


def test_a_list_of_parcels_is_whole_and_holds_no_other(examiner: Examiner) -> None:
    for task in examiner.tasks("stuck-parcels"):
        answer = reference_of(task).response
        rows = [line for line in answer.splitlines() if line.startswith("| shp-")]
        starred = answer.replace("| shp-", "| **shp-").replace(" | ord-", "** | ord-")
        assert examiner.failed(task, starred) == set()
        short = answer.replace(f"{rows[-1]}\n", "")
        parcel = rows[-1].split(" | ")[0].strip("| ")
        assert {"table", f"row-{parcel}"} <= examiner.failed(task, short)
        crossed = answer.replace(SHP.findall(rows[0])[0], "shp-X").replace(parcel, "shp-Y")
        crossed = crossed.replace("shp-X", parcel).replace("shp-Y", SHP.findall(rows[0])[0])
        assert f"row-{parcel}" in examiner.failed(task, crossed)


def test_parcels_due_today_are_not_past_their_day(examiner: Examiner) -> None:
    today = examiner.company.now.date()
    for task in examiner.tasks("stuck-parcels"):
        if "past their promised day" in task.title:
            named = {s.id for s in examiner.company.shipments if s.promised_on == today}
            assert not named & set(SHP.findall(reference_of(task).response))


def late_table(arrival: Arrival) -> str:
    """The days of an order's parcels as a table, as a colleague might put them."""
    rows = [
        f"| {p.id} | {p.promised_on:%B} {p.promised_on.day} | {p.delivered_at:%m/%d/%Y %H:%M} "
        f"| {days_late(p)} |"
        for p in arrival.parcels
    ]
    head = "| Parcel | Promised | Arrived | Calendar days late |\n|---|---|---|---|"
    return "\n".join((head, *rows))


VERDICTS = {
    None: "So yes, it came late, and we owe the customer the whole {sum} for shipping.",
    "on_time": "Everything was there on time; the shipping charge is not refundable.",
    "standard": "That is late. Standard shipping is a best effort though: no refund of {sum}.",
    "nothing_paid": "Late, yes, but shipping was free ($0.00), hence nothing to refund.",
    "already_back": "Late indeed, but the {sum} have already been refunded.",
    "disputed": "Late, but with the chargeback open we may not refund it.",
}


def test_lateness_is_told_in_other_words(examiner: Examiner) -> None:
    known = {a.order.id: a for a in arrivals(examiner.company)}
    seen = []
    for task in examiner.tasks("late-or-not"):
        arrival = known[task.title.split()[1]]
        table = late_table(arrival)
        told = VERDICTS[arrival.problem].format(sum=arrival.shipping)
        assert examiner.failed(task, f"{table}\n\n{told}") == set(), f"{table}\n{told}"
        other = VERDICTS["standard" if arrival.problem is None else None]
        wrong = other.format(sum=arrival.shipping)
        missed = {"shipping-back", "shipping-kept"} & examiner.failed(task, f"{table}\n\n{wrong}")
        assert missed, wrong
        seen.append((arrival.is_late, arrival.problem is None))
    assert seen.count((False, False)) >= 6
    assert seen.count((True, True)) >= 6


def test_shipping_is_refunded_only_where_due(examiner: Examiner) -> None:
    outcomes = []
    for task in examiner.tasks("late-shipping-refund"):
        calls = reference_of(task).calls
        refunds = [call for call in calls if call.tool == "create_refund"]
        outcomes.append(bool(refunds))
        answer = reference_of(task).response
        if refunds:
            looked_up = tuple(call for call in calls if call not in refunds)
            assert "refund" in examiner.failed(task, answer, looked_up)
            part = refunds[0].arguments | {"amount_cents": 500}
            small = (*looked_up, ToolCall(tool="create_refund", arguments=part))
            assert {"refund", "payment"} <= examiner.failed(task, answer, small)
        else:
            claimed = answer.replace("Nothing was refunded", "Your refund is booked").replace(
                "so no shipping charge is", "so the shipping charge is"
            )
            if claimed != answer:
                assert examiner.failed(task, claimed), claimed
    assert 6 <= sum(outcomes) <= 12


def test_a_minute_before_midnight_is_on_time(examiner: Examiner) -> None:
    known = {a.order.id: a for a in arrivals(examiner.company)}
    edges = 0
    for task in examiner.tasks("late-or-not"):
        arrival = known[task.title.split()[1]]
        table = late_table(arrival)
        parcel = arrival.parcels[0]
        one_more = table.replace(f"| {days_late(parcel)} |", f"| {days_late(parcel) + 1} |", 1)
        told = VERDICTS[arrival.problem].format(sum=arrival.shipping)
        assert f"late-{parcel.id}" in examiner.failed(task, f"{one_more}\n\n{told}")
        edges += arrival.is_at_midnight
    assert edges >= 6


def estimate_told(parcel: Shipment, expected: Estimate, *, is_moved: bool, is_ahead: bool) -> str:
    """The expected day as another colleague would put it."""
    start = f"**{parcel.order_id}** (shipped {parcel.shipped_at:%Y-%m-%d})"
    moved = f"promised {parcel.promised_on}, now {expected.day} by Latoya Galloway's decision"
    kept = f"promised {parcel.promised_on}; Latoya Galloway's message does not cover it"
    may = "Yes, you can tell the customer that day."
    may_not = "That is in the past, so please don't give the customer any date."
    return f"{start}: {moved if is_moved else kept}. {may if is_ahead else may_not}"


def test_only_a_decision_moves_the_expected_day(examiner: Examiner) -> None:
    delay = carrier_delay(examiner.company)
    assert (delay.carrier, delay.shipped_from, delay.shipped_before) == (
        "FedEx",
        date(2025, 9, 5),
        date(2025, 9, 12),
    )
    seen = []
    for task in examiner.tasks("new-estimate"):
        parcel = examiner.parcel_in(task.prompt)
        assert parcel is not None
        found = estimate(parcel, delay)
        kind = {"is_moved": found.is_moved, "is_ahead": found.is_ahead}
        right = estimate_told(parcel, found, **kind)
        assert examiner.failed(task, right) == set(), right
        turned = estimate_told(parcel, found, **kind | {"is_ahead": not found.is_ahead})
        assert "may-tell" in examiner.failed(task, turned), turned
        moved = add_business_days(parcel.promised_on, 2 if not found.is_moved else 3)
        wrong = estimate_told(
            parcel, Estimate(day=moved, is_moved=True), is_moved=True, is_ahead=found.is_ahead
        )
        assert {"unmoved", "expected"} & examiner.failed(task, wrong), wrong
        seen.append((found.is_moved, found.is_ahead))
    assert {seen.count(kind) >= 3 for kind in set(seen)} == {True}
    assert len(set(seen)) == 4


def test_a_lost_parcel_is_escalated_once_and_by_name(examiner: Examiner) -> None:
    escalated = 0
    for task in examiner.tasks("lost-parcel"):
        calls, answer = reference_of(task).calls, reference_of(task).response
        made = [call for call in calls if call.tool == "create_escalation"]
        if not made:
            turned = answer.replace("does not count as lost", "counts as lost")
            assert turned == answer or "lost" in examiner.failed(task, turned)
            continue
        escalated += 1
        looked_up = tuple(call for call in calls if call not in made)
        vague = made[0].arguments | {"reason": "No scan for more than a week."}
        manager = made[0].arguments | {"level": "manager"}
        for arguments in (vague, manager):
            wrong = ToolCall(tool="create_escalation", arguments=arguments)
            assert "escalation" in examiner.failed(task, answer, (*looked_up, wrong))
        short = answer.replace("counts as lost", "is lost by our seven-day rule")
        assert examiner.failed(task, short) == set()
        assert {"escalation", "priority"} <= examiner.failed(task, answer, looked_up)
    assert 6 <= escalated <= 12


def test_delayed_parcels_without_a_scan_for_a_week_count_as_lost(examiner: Examiner) -> None:
    delayed = {s.id: counts_as_lost(s) for s in examiner.company.shipments if s.status == "delayed"}
    assert set(delayed.values()) == {True, False}
    named = {
        i: "counts as lost" in reference_of(task).response
        for task in examiner.tasks("lost-parcel")
        for i in SHP.findall(reference_of(task).response)
        if i in delayed
    }
    assert len(named) >= 5
    assert all(delayed[i] is is_lost for i, is_lost in named.items())


def test_goods_and_days_stay_with_their_parcel(examiner: Examiner) -> None:
    """Another build of the mail passes; goods or days given to the other parcel do not."""
    for task in examiner.tasks("split-order-email"):
        order = examiner.company.order(task.title.split()[-1])
        one, two = examiner.company.shipments_of(order.id)
        mail = reference_of(task).response
        assert examiner.failed(task, mail.replace("Parcel one holds", "**1.**")) == set()
        crossed = mail.replace(one.tracking_number, "T").replace(
            two.tracking_number, one.tracking_number
        )
        crossed = crossed.replace("T, ", f"{two.tracking_number}, ").replace(
            " T.", f" {two.tracking_number}."
        )
        failed = examiner.failed(task, crossed)
        assert {"contents-1", "contents-2"} & failed, crossed


def test_a_list_of_two_parcels_serves_as_well(examiner: Examiner) -> None:
    for task in examiner.tasks("split-order-email"):
        order = examiner.company.order(task.title.split()[-1])
        customer = examiner.company.customer(order.customer_id)
        rows = "\n".join(
            f"- {p.carrier} {p.tracking_number}\n  - status: {p.status.replace('_', ' ')}\n"
            f"  - {day_of(p):%b %d}\n"
            + "\n".join(f"  - {examiner.company.product(i).name}" for i in p.product_ids)
            for p in examiner.company.shipments_of(order.id)
        )
        mail = (
            f"Subject: {order.id}\n\nHi {customer.first_name},\n\nhere is where things are:\n\n"
            f"{rows}\n\nDo write to us if anything looks odd.\n\nKind regards\nCoreCraft Support"
        )
        assert examiner.failed(task, mail) == set(), mail


def test_a_delay_is_told_without_guesses_blame_or_needless_money(examiner: Examiner) -> None:
    kinds = {"no-day": 0, "no-money": 0, "amount": 0, "day": 0}
    for task in examiner.tasks("delay-email"):
        mail = reference_of(task).response
        ids = {criterion.id for criterion in task.rubric.criteria}
        for kind in kinds:
            kinds[kind] += kind in ids
        kind_words = mail.replace("\n\nPlease", "\n\nWe are sorry that you had to wait.\n\nPlease")
        kind_words = kind_words.replace(
            "No new day is confirmed yet; we write to you as soon as one is.",
            "We do not have a confirmed delivery date at the moment and will write once we do.",
        )
        assert examiner.failed(task, kind_words) == set(), kind_words
        carrier = examiner.parcel_in(task.prompt)
        assert carrier is not None
        for key, added in {
            "no-promise": "It should reach you by September 26.",
            "no-blame": f"This is entirely the fault of {carrier.carrier}.",
            "no-money": "You will also get a voucher for your trouble.",
        }.items():
            if key in ids:
                assert key in examiner.failed(task, mail.replace("\n\nPl", f"\n\n{added}\n\nPl"))
    assert min(kinds.values()) >= 5, kinds


def test_each_item_is_there_or_not_in_its_own_row(examiner: Examiner) -> None:
    halves = 0
    for task in examiner.tasks("what-is-missing"):
        answer = reference_of(task).response
        other = answer.replace("| arrived |", "| yes |").replace("| not arrived |", "| no |")
        other = other.replace("still missing", "outstanding").replace("Nothing is", "0 items are")
        assert examiner.failed(task, other) == set(), other
        rows = [line for line in answer.splitlines() if SHP.search(line)]
        halves += "| arrived |" in answer and "| not arrived |" in answer
        claimed = rows[0].replace("not arrived", "here").replace("| arrived |", "| not yet |")
        failed = examiner.failed(task, answer.replace(rows[0], claimed))
        assert any(key.startswith("state-") for key in failed), claimed
    assert halves >= 6


def test_a_returned_parcel_is_noted_with_its_whole_address(examiner: Examiner) -> None:
    written = 0
    for task in examiner.tasks("returned-parcel"):
        calls, answer = reference_of(task).calls, reference_of(task).response
        if calls[-1].tool != "update_ticket":
            turned = answer.replace("does not come back", "comes back")
            turned = turned.replace("No ticket is open", "A ticket is open")
            assert {"back", "no-ticket"} & examiner.failed(task, turned), turned
            continue
        written += 1
        looked_up, made = calls[:-1], calls[-1].arguments
        parcel = SHP.findall(answer)[0]
        for key, mistake in {
            "note": {"internal_note": f"{parcel} is coming back."},
            "reply": {"reply": "Your parcel is on its way back to us."},
            "status": {"status": "open"},
        }.items():
            wrong = ToolCall(tool="update_ticket", arguments=made | mistake)
            assert key in examiner.failed(task, answer, (*looked_up, wrong))
        other = made | {"reply": "Hi, what is the right ADDRESS for you, please?"}
        right = ToolCall(tool="update_ticket", arguments=other)
        told = answer.replace("comes back", "is on its way back to us")
        assert examiner.failed(task, told, (*looked_up, right)) == set()
    assert 6 <= written <= 12


NUMBERS = re.compile(r"\b\d+\b")


def test_punctuality_is_counted_right(examiner: Examiner) -> None:
    for task in examiner.tasks("carrier-on-time"):
        answer = reference_of(task).response
        latest = SHP.findall(answer)[0]
        figures = NUMBERS.findall(answer.replace(latest, "it"))
        total, good, late, share, days, fast, fast_good = figures
        sheet = (
            "| Delivered | {} |\n| On time | {} |\n| Late | {} |\n| Share on time | {} % |\n"
            "| Expedited/overnight | {} | on time {} |\n\nWorst: {}, {} days over."
        )
        right = (total, good, late, share, fast, fast_good, latest, days)
        assert examiner.failed(task, sheet.format(*right)) == set()
        keys = ("delivered", "on-time", "late", "share", "fast", "fast", "", "latest-days")
        for i, key in enumerate(keys):
            if key:
                wrong = [*right[:i], int(right[i]) + 1, *right[i + 1 :]]
                assert key in examiner.failed(task, sheet.format(*wrong)), wrong


def test_punctuality_leaves_out_what_has_not_arrived(examiner: Examiner) -> None:
    num_open = 0
    for task in examiner.tasks("carrier-on-time"):
        search = reference_of(task).calls[0].arguments
        first, end = (date.fromisoformat(str(search[f"shipped_{k}"])) for k in ("after", "before"))
        shipped = [
            s
            for s in examiner.company.shipments
            if s.carrier == search["carrier"] and s.shipped_at
            if first <= s.shipped_at.date() < end
        ]
        arrived = [s for s in shipped if s.delivered_at]
        num_open += len(shipped) > len(arrived)
        assert reference_of(task).response.startswith(f"{len(arrived)} parcels")
        percent = 100 * sum(not s.is_late for s in arrived) / len(arrived)
        assert f"{percent:.0f} % on time" in reference_of(task).response
    assert num_open >= 5

"""Answers about parcels as an expert would check them: other wordings pass, mistakes do not."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from tests.world_builder.worlds.corecraft.answers import (
    answer_of,
    ids_in,
    parcel_in,
    tasks_of,
    unmet,
)
from tests.world_builder.worlds.corecraft.company import company
from world_builder.checks import Matches
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.company import Shipment
from world_builder.worlds.corecraft.reckoning.parcels import (
    CarrierDelay,
    Estimate,
    carrier_delay,
    days_late,
    estimate,
)
from world_builder.worlds.corecraft.rules import add_business_days
from world_builder.worlds.corecraft.scenarios.shipping.estimate import NEW_ESTIMATE
from world_builder.worlds.corecraft.scenarios.shipping.late import LATE_OR_NOT
from world_builder.worlds.corecraft.scenarios.shipping.lateness import Arrival, arrivals
from world_builder.worlds.corecraft.scenarios.shipping.missing import WHAT_IS_MISSING
from world_builder.worlds.corecraft.scenarios.shipping.on_time import CARRIER_ON_TIME
from world_builder.worlds.corecraft.scenarios.shipping.shipping_back import (
    says_shipping_back,
    says_shipping_kept,
)
from world_builder.worlds.corecraft.scenarios.shipping.stuck import STUCK_PARCELS
from world_builder.worlds.corecraft.scenarios.shipping.track import TRACK_PARCEL

FEWEST = 3
"""The least number of tasks of each kind that a scenario has."""


def test_a_traced_parcel_needs_its_own_days() -> None:
    traced = [(t, p) for t in tasks_of(TRACK_PARCEL) if (p := parcel_in(t.title))]
    assert len(traced) >= 6
    for task, parcel in traced:
        scan = parcel.events[-1]
        told = (
            f"- order: {parcel.order_id}\n- {parcel.carrier}, status `{parcel.status}`\n"
            f"- last scan {scan.at:%m/%d/%Y}, {scan.place}\n- promised day: {{}}"
        )
        assert unmet(task, told.format(parcel.promised_on)) == set()
        day_after = parcel.promised_on + timedelta(days=1)
        assert "promised" in unmet(task, told.format(day_after))


def test_a_list_of_parcels_is_whole_and_holds_no_other() -> None:
    for task in tasks_of(STUCK_PARCELS):
        answer = answer_of(task)
        rows = [line for line in answer.splitlines() if line.startswith("| shp-")]
        starred = answer.replace("| shp-", "| **shp-").replace(" | ord-", "** | ord-")
        assert unmet(task, starred) == set()
        short = answer.replace(f"{rows[-1]}\n", "")
        parcel = rows[-1].split(" | ")[0].strip("| ")
        assert {"table", f"row-{parcel}"} <= unmet(task, short)
        crossed = answer.replace(ids_in(rows[0], "shp")[0], "shp-X").replace(parcel, "shp-Y")
        crossed = crossed.replace("shp-X", parcel).replace("shp-Y", ids_in(rows[0], "shp")[0])
        assert f"row-{parcel}" in unmet(task, crossed)


def test_parcels_due_today_are_not_past_their_day() -> None:
    today = company().now.date()
    for task in tasks_of(STUCK_PARCELS):
        if "past their promised day" in task.title:
            named = {s.id for s in company().shipments if s.promised_on == today}
            assert not named & set(ids_in(answer_of(task), "shp"))


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


def test_lateness_is_told_in_other_words() -> None:
    known = {a.order.id: a for a in arrivals(company())}
    seen = []
    for task in tasks_of(LATE_OR_NOT):
        arrival = known[task.title.split()[1]]
        table = late_table(arrival)
        told = VERDICTS[arrival.problem].format(sum=arrival.shipping)
        assert unmet(task, f"{table}\n\n{told}") == set(), f"{table}\n{told}"
        other = VERDICTS["standard" if arrival.problem is None else None]
        wrong = other.format(sum=arrival.shipping)
        missed = {"shipping-back", "shipping-kept"} & unmet(task, f"{table}\n\n{wrong}")
        assert missed, wrong
        seen.append((arrival.is_late, arrival.problem is None))
    assert min(seen.count(kind) for kind in ((False, False), (True, True), (True, False))) >= FEWEST


def test_a_minute_before_midnight_is_on_time() -> None:
    known = {a.order.id: a for a in arrivals(company())}
    edges = 0
    for task in tasks_of(LATE_OR_NOT):
        arrival = known[task.title.split()[1]]
        table = late_table(arrival)
        parcel = arrival.parcels[0]
        one_more = table.replace(f"| {days_late(parcel)} |", f"| {days_late(parcel) + 1} |", 1)
        told = VERDICTS[arrival.problem].format(sum=arrival.shipping)
        assert f"late-{parcel.id}" in unmet(task, f"{one_more}\n\n{told}")
        edges += arrival.is_at_midnight
    assert edges >= FEWEST


def covers(delay: CarrierDelay, parcel: Shipment, day: date) -> bool:
    """Whether it would cover the parcel if that had been shipped on a day."""
    assert parcel.shipped_at
    return delay.covers(
        replace(parcel, shipped_at=datetime.combine(day, parcel.shipped_at.timetz()))
    )


def test_a_delay_holds_for_the_days_that_a_lead_wrote_of() -> None:
    delay = carrier_delay(company())
    assert company().employee(delay.decider_id).role in ("team_lead", "manager")
    wrote = [m.text for m in company().messages if m.author_id == delay.decider_id]
    for word, day in (("since", delay.shipped_from), ("From", delay.shipped_before)):
        told = f"{word} {day:%B} {day.day}"
        assert [text for text in wrote if told in text and delay.carrier in text], told
    parcel = next(s for s in company().shipments if s.carrier == delay.carrier and s.shipped_at)
    days = [edge + timedelta(days=n) for edge in (delay.shipped_from, delay.shipped_before)
            for n in (-1, 0)]  # fmt: skip
    assert [covers(delay, parcel, day) for day in days] == [False, True, True, False]
    assert not covers(delay, replace(parcel, carrier="another"), delay.shipped_from)


def estimate_told(parcel: Shipment, expected: Estimate, *, is_moved: bool, is_ahead: bool) -> str:
    """The expected day as another colleague would put it."""
    lead = company().employee(carrier_delay(company()).decider_id).name
    start = f"**{parcel.order_id}** (shipped {parcel.shipped_at:%Y-%m-%d})"
    moved = f"promised {parcel.promised_on}, now {expected.day} by {lead}'s decision"
    kept = f"promised {parcel.promised_on}; {lead}'s message does not cover it"
    may = "Yes, you can tell the customer that day."
    may_not = "That is in the past, so please don't give the customer any date."
    return f"{start}: {moved if is_moved else kept}. {may if is_ahead else may_not}"


def test_only_a_decision_moves_the_expected_day() -> None:
    delay = carrier_delay(company())
    seen = []
    for task in tasks_of(NEW_ESTIMATE):
        parcel = parcel_in(task.prompt)
        assert parcel is not None
        found = estimate(parcel, delay)
        kind = {"is_moved": found.is_moved, "is_ahead": found.is_ahead}
        right = estimate_told(parcel, found, **kind)
        assert unmet(task, right) == set(), right
        turned = estimate_told(parcel, found, **kind | {"is_ahead": not found.is_ahead})
        assert "may-tell" in unmet(task, turned), turned
        moved = add_business_days(parcel.promised_on, 2 if not found.is_moved else 3)
        wrong = estimate_told(
            parcel, Estimate(day=moved, is_moved=True), is_moved=True, is_ahead=found.is_ahead
        )
        assert {"unmoved", "expected"} & unmet(task, wrong), wrong
        seen.append((found.is_moved, found.is_ahead))
    kinds = ((False, False), (False, True), (True, True))
    assert min(seen.count(kind) for kind in kinds) >= FEWEST


def test_each_item_is_there_or_not_in_its_own_row() -> None:
    seen = []
    for task in tasks_of(WHAT_IS_MISSING):
        answer = answer_of(task)
        other = answer.replace("| arrived |", "| yes |").replace("| not arrived |", "| no |")
        other = other.replace("still missing", "outstanding").replace("Nothing is", "0 items are")
        assert unmet(task, other) == set(), other
        rows = [line for line in answer.splitlines() if ids_in(line, "shp")]
        seen.append(("| arrived |" in answer, "| not arrived |" in answer))
        claimed = rows[0].replace("not arrived", "here").replace("| arrived |", "| not yet |")
        failed = unmet(task, answer.replace(rows[0], claimed))
        assert any(key.startswith("state-") for key in failed), claimed
    assert len(set(seen)) == 3
    assert min(seen.count(kind) for kind in set(seen)) >= FEWEST


NUMBERS = re.compile(r"\b\d+\b")


def test_punctuality_is_counted_right() -> None:
    for task in tasks_of(CARRIER_ON_TIME):
        answer = answer_of(task)
        latest = ids_in(answer, "shp")[0]
        figures = NUMBERS.findall(answer.replace(latest, "it"))
        total, good, late, share, days, fast, fast_good = figures
        sheet = (
            "| Delivered | {} |\n| On time | {} |\n| Late | {} |\n| Share on time | {} % |\n"
            "| Expedited/overnight | {} | on time {} |\n\nWorst: {}, {} days over."
        )
        right = (total, good, late, share, fast, fast_good, latest, days)
        assert unmet(task, sheet.format(*right)) == set()
        keys = ("delivered", "on-time", "late", "share", "fast", "fast", "", "latest-days")
        for i, key in enumerate(keys):
            if key:
                wrong = [*right[:i], int(right[i]) + 1, *right[i + 1 :]]
                assert key in unmet(task, sheet.format(*wrong)), wrong


def test_punctuality_leaves_out_what_has_not_arrived() -> None:
    num_open = 0
    for task in tasks_of(CARRIER_ON_TIME):
        search = reference_of(task).calls[0].arguments
        first, end = (date.fromisoformat(str(search[f"shipped_{k}"])) for k in ("after", "before"))
        shipped = [
            s
            for s in company().shipments
            if s.carrier == search["carrier"] and s.shipped_at
            if first <= s.shipped_at.date() < end
        ]
        arrived = [s for s in shipped if s.delivered_at]
        num_open += len(shipped) > len(arrived)
        assert answer_of(task).startswith(f"{len(arrived)} parcels")
        percent = 100 * sum(not s.is_late for s in arrived) / len(arrived)
        assert f"{percent:.0f} % on time" in answer_of(task)
    assert num_open >= FEWEST


GOES_BACK = (
    "The shipping charge of $39.95 is due back.",
    "Yes, we owe the customer $19.95.",
    "Refund $19.95: expedited shipping arrived late.",
    "Late, overnight, not refunded yet, so $39.95 goes back.",
    "No late-delivery refund has been made so far, so the full $19.95 is owed.",
    "The order hasn't had a refund before; $19.95 is refundable.",
)
STAYS = (
    "Not due back: standard shipping is best effort.",
    "The charge was already refunded on August 20.",
    "Nothing to refund, shipping was free.",
    "Standard shipping isn't refunded when late.",
    "The payment is disputed, so we cannot refund it.",
    "A late delivery refund is already requested; nothing further is due.",
    "Shipping due back? No - standard.",
)


def test_shipping_goes_back_or_stays_in_many_words() -> None:
    patterns = [found("x").check for found in (says_shipping_back, says_shipping_kept)]
    back, stays = (check.pattern for check in patterns if isinstance(check, Matches))
    for right, wrong, pattern in ((GOES_BACK, STAYS, back), (STAYS, GOES_BACK, stays)):
        assert [text for text in right if not re.search(pattern, text, re.I)] == []
        assert [text for text in wrong if re.search(pattern, text, re.I)] == []

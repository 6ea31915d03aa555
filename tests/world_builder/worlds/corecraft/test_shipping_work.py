"""E-mails and changes about parcels: right ones pass in other words, mistakes do not."""

import re
from collections import Counter
from datetime import timedelta

from tests.world_builder.worlds.corecraft.answers import (
    answer_of,
    criterion_ids,
    ids_in,
    parcel_in,
    tasks_of,
    unmet,
    without,
)
from tests.world_builder.worlds.corecraft.company import company
from world_builder.tools import ToolCall
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.company import Shipment
from world_builder.worlds.corecraft.reckoning.parcels import (
    carrier_delay,
    counts_as_lost,
    estimate,
)
from world_builder.worlds.corecraft.scenarios.shipping.delay_mail import DELAY_EMAIL
from world_builder.worlds.corecraft.scenarios.shipping.late_refund import LATE_SHIPPING_REFUND
from world_builder.worlds.corecraft.scenarios.shipping.lost import LOST_PARCEL
from world_builder.worlds.corecraft.scenarios.shipping.returned import RETURNED_PARCEL
from world_builder.worlds.corecraft.scenarios.shipping.split_mail import SPLIT_ORDER_EMAIL
from world_builder.worlds.corecraft.scenarios.shipping.wording import day_of

FEWEST = 3
"""The least number of tasks of each kind that a scenario has."""


def test_shipping_is_refunded_only_where_due() -> None:
    outcomes = []
    for task in tasks_of(LATE_SHIPPING_REFUND):
        calls = reference_of(task).calls
        refunds = [call for call in calls if call.tool == "create_refund"]
        outcomes.append(bool(refunds))
        answer = answer_of(task)
        if refunds:
            looked_up = without(task, "create_refund")
            assert "refund" in unmet(task, answer, looked_up)
            part = refunds[0].arguments | {"amount_cents": 500}
            small = (*looked_up, ToolCall(tool="create_refund", arguments=part))
            assert {"refund", "payment"} <= unmet(task, answer, small)
        else:
            days = re.search(r"(?:The (?:late )?parcel|One parcel) of [\s\S]*", answer)
            assert days
            claimed = f"It was late, so the shipping charge was refunded. {days[0]}"
            assert {"shipping-kept", "refused"} & unmet(task, claimed), claimed
    assert 6 <= sum(outcomes) <= 12


def test_a_lost_parcel_is_escalated_once_and_by_name() -> None:
    escalated = 0
    for task in tasks_of(LOST_PARCEL):
        calls, answer = reference_of(task).calls, answer_of(task)
        made = [call for call in calls if call.tool == "create_escalation"]
        if not made:
            said = ("counts as lost", "does not count as lost")
            turned = answer.replace(*(said if said[0] in answer else said[::-1]))
            assert "lost" in unmet(task, turned), turned
            continue
        escalated += 1
        looked_up = without(task, "create_escalation")
        vague = made[0].arguments | {"reason": "No scan for more than a week."}
        manager = made[0].arguments | {"level": "manager"}
        for arguments in (vague, manager):
            wrong = ToolCall(tool="create_escalation", arguments=arguments)
            assert "escalation" in unmet(task, answer, (*looked_up, wrong))
        short = answer.replace("counts as lost", "is lost by our seven-day rule")
        assert unmet(task, short) == set()
        assert {"escalation", "priority"} <= unmet(task, answer, looked_up)
    assert 6 <= escalated <= 12


def test_delayed_parcels_without_a_scan_for_a_week_count_as_lost() -> None:
    delayed = {s.id: counts_as_lost(s) for s in company().shipments if s.status == "delayed"}
    assert set(delayed.values()) == {True, False}
    named = {
        i: "counts as lost" in answer_of(task)
        for task in tasks_of(LOST_PARCEL)
        for i in ids_in(answer_of(task), "shp")
        if i in delayed
    }
    assert len(named) >= FEWEST
    assert set(named.values()) == {True, False}
    assert all(delayed[i] is is_lost for i, is_lost in named.items())


def test_goods_and_days_stay_with_their_parcel() -> None:
    """Another build of the mail passes; goods or days given to the other parcel do not."""
    for task in tasks_of(SPLIT_ORDER_EMAIL):
        order = company().order(task.title.split()[-1])
        one, two = company().shipments_of(order.id)
        mail = answer_of(task)
        assert unmet(task, mail.replace("Parcel one holds", "**1.**")) == set()
        crossed = mail.replace(one.tracking_number, "T").replace(
            two.tracking_number, one.tracking_number
        )
        crossed = crossed.replace("T, ", f"{two.tracking_number}, ").replace(
            " T.", f" {two.tracking_number}."
        )
        failed = unmet(task, crossed)
        assert {"contents-1", "contents-2"} & failed, crossed


def test_a_list_of_two_parcels_serves_as_well() -> None:
    for task in tasks_of(SPLIT_ORDER_EMAIL):
        order = company().order(task.title.split()[-1])
        customer = company().customer(order.customer_id)
        rows = "\n".join(
            f"- {p.carrier} {p.tracking_number}\n  - status: {p.status.replace('_', ' ')}\n"
            f"  - {day_of(p):%b %d}\n"
            + "\n".join(f"  - {company().product(i).name}" for i in p.product_ids)
            for p in company().shipments_of(order.id)
        )
        mail = (
            f"Subject: {order.id}\n\nHi {customer.first_name},\n\nhere is where things are:\n\n"
            f"{rows}\n\nDo write to us if anything looks odd.\n\nKind regards\nCoreCraft Support"
        )
        assert unmet(task, mail) == set(), mail


def unconfirmed_day(parcel: Shipment) -> str:
    """A day to come that nobody promised or expects."""
    named = (parcel.promised_on, estimate(parcel, carrier_delay(company())).day)
    ahead = (company().now.date() + timedelta(days=n) for n in range(8, 15))
    day = next(day for day in ahead if day not in named)
    return f"{day:%B} {day.day}"


def test_a_delay_is_told_without_guesses_blame_or_needless_money() -> None:
    kinds: Counter[str] = Counter()
    for task in tasks_of(DELAY_EMAIL):
        mail = answer_of(task)
        ids = criterion_ids(task)
        kinds.update(ids)
        kind_words = mail.replace("\n\nPlease", "\n\nWe are sorry that you had to wait.\n\nPlease")
        kind_words = kind_words.replace(
            "No new day is confirmed yet; we write to you as soon as one is.",
            "We do not have a confirmed delivery date at the moment and will write once we do.",
        )
        assert unmet(task, kind_words) == set(), kind_words
        parcel = parcel_in(task.prompt)
        assert parcel is not None
        for key, added in {
            "no-promise": f"It should reach you by {unconfirmed_day(parcel)}.",
            "no-blame": f"This is entirely the fault of {parcel.carrier}.",
            "no-money": "You will also get a voucher for your trouble.",
        }.items():
            if key in ids:
                assert key in unmet(task, mail.replace("\n\nPl", f"\n\n{added}\n\nPl"))
    assert min(kinds[kind] for kind in ("no-day", "no-money", "amount", "day")) >= FEWEST


def test_a_returned_parcel_is_noted_with_its_whole_address() -> None:
    kinds: Counter[str] = Counter()
    for task in tasks_of(RETURNED_PARCEL):
        calls, answer = reference_of(task).calls, answer_of(task)
        if calls[-1].tool != "update_ticket":
            key = "no-ticket" if "No ticket is open" in answer else "back"
            turned = answer.replace("does not come back", "comes back")
            turned = turned.replace("No ticket is open", "A ticket is open")
            assert key in unmet(task, turned), turned
            kinds[key] += 1
            continue
        kinds["noted"] += 1
        looked_up, made = calls[:-1], calls[-1].arguments
        parcel = ids_in(answer, "shp")[0]
        for key, mistake in {
            "note": {"internal_note": f"{parcel} is coming back."},
            "reply": {"reply": "Your parcel is on its way back to us."},
            "status": {"status": "open"},
        }.items():
            wrong = ToolCall(tool="update_ticket", arguments=made | mistake)
            assert key in unmet(task, answer, (*looked_up, wrong))
        other = made | {"reply": "Hi, what is the right ADDRESS for you, please?"}
        right = ToolCall(tool="update_ticket", arguments=other)
        told = answer.replace("comes back", "is on its way back to us")
        assert unmet(task, told, (*looked_up, right)) == set()
    assert min(kinds[kind] for kind in ("back", "no-ticket", "noted")) >= FEWEST

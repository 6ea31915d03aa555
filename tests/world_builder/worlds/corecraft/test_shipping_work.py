"""E-mails and changes about parcels: right ones pass in other words, mistakes do not."""

import pytest

from tests.world_builder.worlds.corecraft.shipping_examiner import SHP, Examiner, the_examiner
from world_builder.tools import ToolCall
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.reckoning.parcels import counts_as_lost
from world_builder.worlds.corecraft.scenarios.shipping.wording import day_of


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return the_examiner()


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

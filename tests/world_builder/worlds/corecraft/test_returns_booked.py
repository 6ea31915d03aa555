"""Rubrics of the returns desk that are about acts: what the world must hold afterwards."""

from collections.abc import Iterator

import pytest

from tests.world_builder.worlds.corecraft.answers import answer_of, bench, first, tasks_of, unmet
from tests.world_builder.worlds.corecraft.company import company
from world_builder.checking import CheckContext, check_rubric
from world_builder.expressions import money
from world_builder.frozen import Json
from world_builder.rubrics import VerdictValue
from world_builder.tasks import ReferenceSolution, Task
from world_builder.templates import Scenario
from world_builder.tools import ToolCall
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.scenarios.returns import (
    CREATE_RETURN,
    DEFECT_REFUND,
    OPENED_RETURN,
    RETURN_ABOVE_LIMIT,
    SETTLE_TICKET,
    SLACK_EXCEPTION,
)

BOOKING = (CREATE_RETURN, OPENED_RETURN, DEFECT_REFUND, SLACK_EXCEPTION)


def missed(task: Task, calls: tuple[ToolCall, ...], response: str = "") -> set[str]:
    """Ids of the criteria that are missed after other calls."""
    solution = ReferenceSolution(calls=calls, response=response or answer_of(task))
    trajectory = bench().run(task, solution)
    verdicts, _ = check_rubric(CheckContext(task=task, trajectory=trajectory, base=bench().base))
    return {v.criterion_id for v in verdicts if v.value is not VerdictValue.MET}


def writes(task: Task, tool: str) -> ToolCall | None:
    """The call of a tool that the reference makes, if it does."""
    return next((call for call in reference_of(task).calls if call.tool == tool), None)


def booked(scenario: Scenario[Company]) -> Iterator[tuple[Task, ToolCall]]:
    """The tasks whose reference books a refund, with the call."""
    for task in tasks_of(scenario):
        if (call := writes(task, "create_refund")) is not None:
            yield task, call


def otherwise(call: ToolCall, **arguments: Json) -> ToolCall:
    return ToolCall(tool=call.tool, arguments={**call.arguments, **arguments})


@pytest.mark.parametrize("scenario", BOOKING, ids=lambda scenario: scenario.name)
def test_both_decisions_occur(scenario: Scenario[Company]) -> None:
    num = len(list(booked(scenario)))
    assert scenario.num_tasks / 3 <= num <= scenario.num_tasks * 2 / 3


@pytest.mark.parametrize("scenario", BOOKING, ids=lambda scenario: scenario.name)
def test_a_refund_must_be_right_in_every_value(scenario: Scenario[Company]) -> None:
    task, call = next(booked(scenario))
    amount, asker = call.arguments["amount_cents"], call.arguments["approved_by_id"]
    assert isinstance(amount, int)
    assert missed(task, (otherwise(call, amount_cents=amount - 1),)) == {"refund-amount-cents"}
    assert missed(task, (otherwise(call, condition="damaged"),)) == {"refund-condition"}
    assert missed(task, (otherwise(call, reason="wrong_item"),)) == {"refund-reason"}
    manager = "emp-012" if asker != "emp-012" else "emp-036"
    assert missed(task, (otherwise(call, approved_by_id=manager),)) == {"refund-approved-by-id"}
    assert "booked" in missed(task, ())


@pytest.mark.parametrize("scenario", BOOKING, ids=lambda scenario: scenario.name)
def test_a_refusal_must_not_book(scenario: Scenario[Company]) -> None:
    refused = next(task for task in tasks_of(scenario) if writes(task, "create_refund") is None)
    told = answer_of(refused)
    _, other = next(booked(scenario))
    assert "no-change" in missed(refused, (other,))
    assert "decision" in unmet(refused, "Done: the refund has been booked as rfd-250915-009.")
    assert "unbooked" in unmet(refused, told.replace("Nothing was booked", "Sorry").replace(
        "so I booked nothing", "sorry"))  # fmt: skip


def test_a_refusal_may_be_worded_otherwise() -> None:
    task = first(tasks_of(CREATE_RETURN), "clearance")
    told = answer_of(task)
    order_id, day = told.split("item of ")[1].split()[0], told.split("delivered on ")[1]
    assert not unmet(
        task,
        f"I left everything as it is for {order_id}, delivered {day.split('. A')[0]}: a clearance "
        "item is final sale, so no refund. Only your manager could decide on an exception.",
    )


def test_opened_items_keep_their_fee_and_go_where_they_are_wished() -> None:
    kinds = set()
    for task, call in booked(OPENED_RETURN):
        order = company().order(str(call.arguments["order_id"]))
        tier = company().customer(order.customer_id).loyalty_tier
        fee = call.arguments.get("restocking_fee_cents", 0)
        kinds.add((fee == 0, call.arguments["destination"]))
        assert (fee == 0) == (tier == "platinum")
        assert isinstance(fee, int)
        if fee:
            assert "fee" in unmet(task, answer_of(task).replace(money(fee), money(fee + 100)))
    assert len(kinds) == 4


def test_store_credit_is_checked_at_the_customer() -> None:
    task, call = next(
        (task, call)
        for task, call in booked(OPENED_RETURN)
        if call.arguments["destination"] == "store_credit"
    )
    wrong = otherwise(call, destination="original_payment")
    assert missed(task, (wrong,)) == {"refund-destination"}


def test_defects_come_back_whole_clearance_or_not() -> None:
    products = {product.id: product for product in company().products}
    calls = [call for _, call in booked(DEFECT_REFUND)]
    assert {products[str(c.arguments["product_id"])].is_clearance for c in calls} == {True, False}
    assert all("restocking_fee_cents" not in call.arguments for call in calls)


def test_a_late_defect_is_told_with_its_warranty() -> None:
    task = first(tasks_of(DEFECT_REFUND), "A replacement is in stock")
    told = answer_of(task)
    other = told.replace("A replacement is in stock", "We can replace it, one is on the shelf")
    assert not unmet(task, other)
    assert "remedy" in unmet(task, told.replace("A replacement", "The product"))
    repaired = first(tasks_of(DEFECT_REFUND), "will be repaired")
    other = answer_of(repaired).replace("None is in stock", "It is sold out")
    assert not unmet(repaired, other)


def test_the_limit_of_the_asker_decides() -> None:
    staff = {employee.id: employee for employee in company().employees}
    num_booked = 0
    for task in tasks_of(RETURN_ABOVE_LIMIT):
        call = writes(task, "create_refund")
        handed = writes(task, "create_escalation")
        assert (call is None) != (handed is None)
        if call is not None:
            num_booked += 1
            amount = call.arguments["amount_cents"]
            assert isinstance(amount, int)
            limit = staff[str(call.arguments["approved_by_id"])].refund_limit_cents
            assert amount <= limit
            given = {n: v for n, v in call.arguments.items() if n != "ticket_id"}
            without = ToolCall(tool=call.tool, arguments=given)
            assert missed(task, (without,)) == {"refund-ticket-id"}
    assert 6 <= num_booked <= 12


def test_an_escalation_names_item_and_amount() -> None:
    task = first(tasks_of(RETURN_ABOVE_LIMIT), "is above your limit")
    call = writes(task, "create_escalation")
    assert call is not None
    reason = str(call.arguments["reason"])
    other = reason.replace("Refund of $", "Please decide on ").replace("is above", "exceeds")
    assert not missed(task, (otherwise(call, reason=other),))
    assert missed(task, (otherwise(call, reason="Above my limit."),)) == {
        "reason-amount",
        "reason-item",
    }
    assert "escalated" in missed(task, (otherwise(call, level="tier_2"),))


def test_a_refund_above_the_limit_is_not_booked_by_a_manager() -> None:
    task = first(tasks_of(RETURN_ABOVE_LIMIT), "is above your limit")
    call = writes(task, "create_escalation")
    assert call is not None
    ticket = company().ticket(str(call.arguments["ticket_id"]))
    line = company().order(str(ticket.order_id)).lines[0]
    booked_instead = ToolCall(
        tool="create_refund",
        arguments={
            "order_id": ticket.order_id,
            "product_id": line.product_id,
            "qty": 1,
            "reason": "changed_mind",
            "condition": "unopened",
            "amount_cents": 100,
            "approved_by_id": "emp-012",
        },
    )
    assert {"escalated", "nothing-else"} <= missed(task, (booked_instead,))


def test_only_decisions_of_leads_and_managers_count() -> None:
    tasks = tasks_of(SLACK_EXCEPTION)
    for task in tasks:
        granted = "decision of" in answer_of(task) or "made the exception" in answer_of(task)
        wanted = {c.id for c in task.rubric.criteria}
        assert ("decided-by" in wanted) == granted
        assert ("no-exception" in wanted) != granted
    task = first(tasks, "It rests on the decision")
    told = answer_of(task)
    assert not unmet(task, told.replace("It rests on the decision of", "Approved in Slack by"))
    name = told.split("decision of ")[1].split(".")[0]
    assert unmet(task, told.replace(name, "Hollis Redfern")) == {"decided-by"}


def test_an_exception_that_is_claimed_falsely_fails() -> None:
    task = first(tasks_of(SLACK_EXCEPTION), "No exception was made")
    told = answer_of(task)
    assert not unmet(task, told.replace("No exception was made", "Nobody approved an exception"))
    wrong = told.replace("No exception was made for it", "Dana Whitlock made an exception")
    assert "no-exception" in unmet(task, wrong)


def test_processed_refunds_end_their_tickets() -> None:
    refunds = {refund.id: refund for refund in company().refunds}
    ended = 0
    for task in tasks_of(SETTLE_TICKET):
        call = writes(task, "create_resolution")
        if call is None:
            assert writes(task, "update_ticket") is not None
            continue
        ended += 1
        refund = refunds[str(call.arguments["refund_id"])]
        assert refund.status == "processed"
        text = f"Done: {refund.amount_cents / 100:.2f} paid back, {refund.id}."
        assert not missed(task, (otherwise(call, summary=text),))
        assert missed(task, (otherwise(call, summary="Paid back."),)) == {"summary"}
    assert ended >= 5


def test_a_reply_promises_no_more_than_the_record() -> None:
    task = first(tasks_of(SETTLE_TICKET), "only approved")
    call = writes(task, "update_ticket")
    assert call is not None
    reply = str(call.arguments["reply"])
    amount = reply.split("refund of ")[1].split(" for")[0]
    fine = f"Dear customer, {amount} was approved; we write once it has been processed."
    assert not missed(task, (otherwise(call, reply=fine),))
    wrong = f"Dear customer, {amount} was approved and has been paid out."
    assert missed(task, (otherwise(call, reply=wrong),)) == {"reply-status"}
    assert "ticket-as-it-was" in missed(task, (otherwise(call, status="pending_customer"),))

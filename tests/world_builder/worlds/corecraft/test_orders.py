"""Scenarios about orders: right answers in other words pass, plausible mistakes do not."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from tests.world_builder.worlds.corecraft.answers import (
    answer_of,
    arguments,
    goods_of,
    ids_in,
    tasks_of,
    unmet,
    with_arguments,
    writes,
)
from tests.world_builder.worlds.corecraft.company import company
from world_builder.expressions import money
from world_builder.tasks import Task
from world_builder.templates import Scenario
from world_builder.tools import ToolCall
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.company import Company, Order
from world_builder.worlds.corecraft.reckoning.order_changes import first_role, leaders_of
from world_builder.worlds.corecraft.reckoning.order_history import placed_after, placed_between
from world_builder.worlds.corecraft.reckoning.order_prices import quoted
from world_builder.worlds.corecraft.rules import DISCOUNT_PERCENT, REFUND_LIMIT_CENTS
from world_builder.worlds.corecraft.scenarios.orders import SCENARIOS
from world_builder.worlds.corecraft.scenarios.orders.after_ticket import ORDERS_AFTER_TICKET
from world_builder.worlds.corecraft.scenarios.orders.breakdown import ORDER_BREAKDOWN
from world_builder.worlds.corecraft.scenarios.orders.cancelling import CANCEL_ORDER
from world_builder.worlds.corecraft.scenarios.orders.confirmation import ORDER_CONFIRMATION_EMAIL
from world_builder.worlds.corecraft.scenarios.orders.in_time import CHEAPEST_IN_TIME
from world_builder.worlds.corecraft.scenarios.orders.lab import CANCEL_LAB_ORDER
from world_builder.worlds.corecraft.scenarios.orders.notes import DELIVERY_NOTE
from world_builder.worlds.corecraft.scenarios.orders.one_of_two import STOP_ONE_OF_TWO
from world_builder.worlds.corecraft.scenarios.orders.quoting import PRICE_QUOTE
from world_builder.worlds.corecraft.scenarios.orders.redirecting import REDIRECT_ORDER
from world_builder.worlds.corecraft.scenarios.orders.spending import CUSTOMER_SPEND
from world_builder.worlds.corecraft.scenarios.orders.status import ORDER_STATUS

IN_OTHER_WORDS = {
    "pending_payment": "pending_payment",
    "processing": "being prepared in the warehouse",
    "shipped": "on its way",
    "delivered": "arrived",
    "cancelled": "cancelled",
}


def order_of(task: Task) -> Order:
    return company().order(str(arguments(task, "get_order")["id"]))


def another_order(order: Order) -> Order | None:
    mine = company().orders_of(order.customer_id)
    return next((other for other in mine if other.id != order.id), None)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_there_are_as_many_tasks_as_wanted_about_different_things(
    scenario: Scenario[Company],
) -> None:
    tasks = tasks_of(scenario)
    assert len(tasks) == (12 if scenario.is_unseen else 18)
    assert len({answer_of(task) for task in tasks}) > len(tasks) * 0.9
    assert not [task.id for task in tasks if unmet(task, answer_of(task))]


def test_the_status_of_an_order_may_be_said_in_plain_words() -> None:
    for task in tasks_of(ORDER_STATUS):
        order, other = order_of(task), another_order(order_of(task))
        told = (
            f"**{order.id}**\n- Status: {IN_OTHER_WORDS[order.status]}\n- Placed on: "
            f"{order.placed_at:%b} {order.placed_at.day}, {order.placed_at.year}\n- Total: "
            f"${order.total_cents / 100:.2f}"
        )
        assert not unmet(task, told), task.id
        assert other
        assert "no-others" in unmet(task, f"{told} (not {other.id})")
        wrong = "delivered" if order.status != "delivered" else "shipped; not delivered yet"
        assert "status" in unmet(task, told.replace(IN_OTHER_WORDS[order.status], wrong))


def test_a_breakdown_may_come_in_another_layout_but_not_with_another_quantity() -> None:
    for task in tasks_of(ORDER_BREAKDOWN):
        order = order_of(task)
        names = [company().product(line.product_id).name for line in order.lines]
        mark, end = ("| ", " |") if " table" in task.title else ("* ", "")
        rows = [
            f"{mark}**{name}** ×{line.qty}, {money(line.unit_price_cents)} apiece{end}"
            for name, line in zip(names, order.lines, strict=True)
        ]
        sums = {
            "Discount (loyalty)": order.discount_cents,
            "Assembly": order.assembly_cents,
            "Delivery": order.shipping_cents,
            "Grand total": order.total_cents,
        }
        rows += [f"{mark}{name}: {money(c) if c else 'none'}{end}" for name, c in sums.items()]
        if end:
            rows.insert(0, "| What |\n|---|")
        told = f"Order {order.id}\n\n" + "\n".join(rows)
        assert not unmet(task, told), task.id
        qty = order.lines[0].qty
        missed = unmet(task, told.replace(f"×{qty}", f"×{qty + 1}", 1))
        assert missed == {f"line-{order.lines[0].product_id}"}


def test_the_sum_of_a_period_keeps_to_its_borders() -> None:
    for task in tasks_of(CUSTOMER_SPEND):
        amounts = re.findall(r"\$[\d,]+\.\d\d", answer_of(task))
        largest = order_of(task)
        in_all = placed_between(company(), largest.customer_id, None, None)
        total = next(amount for amount in amounts if amount != money(largest.total_cents))
        num = re.search(r"(\d+) orders?\b", answer_of(task))
        assert num
        told = (
            f"| Orders | Sum | Biggest |\n|---|---|---|\n| {num[1]} | {total} | "
            f"{largest.id}, {money(largest.total_cents)} |\n\nSo {num[1]} orders count; "
            f"{largest.id} is the biggest."
        )
        assert not unmet(task, told), task.id
        ever = money(sum(order.total_cents for order in in_all))
        if ever != total:
            assert "sum" in unmet(task, told.replace(total, ever))
        assert "count" in unmet(task, told.replace(f"{num[1]} orders", "19 orders"))


def test_orders_after_a_ticket_are_compared_by_the_clock() -> None:
    tasks = tasks_of(ORDERS_AFTER_TICKET)
    empty = [task for task in tasks if "There is none" in answer_of(task)]
    assert 3 <= len(empty) < len(tasks) / 2
    for task in tasks:
        told = re.sub(r"\b(\d\d):(\d\d):\d\d", r"\1:\2", answer_of(task))
        told = told.replace("There is none.", "No orders match.")
        assert not unmet(task, told), task.id
        ticket = company().ticket(str(arguments(task, "get_ticket")["id"]))
        outside = [o for o in company().orders_of(ticket.customer_id) if o.id not in told]
        if outside:
            row = f"\n| {outside[0].id} | 2025-09-01 10:00 | {money(outside[0].total_cents)} |"
            assert unmet(task, told + row) & {"none", "no-others"}
        assert "start" in unmet(task, told.replace(f"{ticket.created_at:%H:%M}", "00:00"))


def test_a_window_ends_to_the_second() -> None:
    pairs = [
        (ticket, order, order.placed_at - ticket.created_at)
        for ticket in company().tickets
        for order in company().orders_of(ticket.customer_id)
        if order.placed_at > ticket.created_at + timedelta(days=1)
    ]
    assert pairs
    for ticket, order, gap in pairs:
        statuses = (order.status,)
        assert order in placed_after(company(), ticket, gap.days + 1, statuses)
        assert order not in placed_after(company(), ticket, gap.days, statuses)


def test_a_price_takes_no_discount_off_clearance() -> None:
    tiers = Counter[str]()
    for task in tasks_of(PRICE_QUOTE):
        call = arguments(task, "calculate_price")
        customer = company().customer(str(call["customer_id"]))
        tiers[customer.loyalty_tier] += 1
        goods = goods_of(call["items"])
        quote = quoted(customer, goods, str(call["shipping_service"]))
        told = (
            f"| Tier | {customer.loyalty_tier} |\n|---|---|\n| Items | "
            f"{money(quote.goods_cents)} |\n| Loyalty discount | -{money(quote.discount_cents)} |\n"
            f"| Postage | {money(quote.shipping_cents)} |\n| **Total** | "
            f"**{money(quote.total_cents)}** |"
        )
        assert not unmet(task, told), task.id
        off = quote.goods_cents * DISCOUNT_PERCENT[customer.loyalty_tier] // 100
        if any(p.is_clearance for p, _ in goods) and off:
            wrong = told.replace(money(quote.discount_cents), money(off))
            assert "discount" in unmet(task, wrong)
    assert set(tiers) == set(DISCOUNT_PERCENT)


def test_the_cheapest_service_is_the_one_promised_in_time() -> None:
    tasks = tasks_of(CHEAPEST_IN_TIME)
    shown = Counter(str(arguments(task, "calculate_price")["shipping_service"]) for task in tasks)
    none = [task for task in tasks if "No service" in answer_of(task)]
    assert min(shown.values()) >= 3
    assert len(none) >= 3
    for task in tasks:
        service = str(arguments(task, "calculate_price")["shipping_service"])
        shipping, total = re.findall(r"\$[\d,]+\.\d\d", answer_of(task))
        day = re.search(r"2025-09-\d\d", answer_of(task))
        assert day
        start = "Nothing arrives in time; quickest is" if task in none else "Go with"
        told = f"{start} {service} (promised {day[0]}), shipping {shipping}, total {total}."
        assert not unmet(task, told), task.id
        wrong = f"{day[0][:-2]}{int(day[0][-2:]) + 2:02}"
        assert "day" in unmet(task, told.replace(day[0], wrong))
        opposite = "Go with" if task in none else "No service arrives in time; quickest is"
        assert unmet(task, told.replace(start, opposite)) & {"none", "decision"}


def test_an_order_is_cancelled_and_refunded_or_neither() -> None:
    tasks = tasks_of(CANCEL_ORDER)
    granted = [task for task in tasks if "update_order" in writes(task)]
    assert len(tasks) / 3 <= len(granted) <= len(tasks) * 2 / 3
    for task in granted:
        order = order_of(task)
        rfd = ids_in(answer_of(task), "rfd")
        told = f"I've cancelled {order.id} ({money(order.total_cents)})."
        told += f" Refund {rfd[0]} pays all of it back." if rfd else " It had not been charged."
        assert not unmet(task, told), task.id
        assert "cancelled" in unmet(task, told, ())
        if rfd:
            half = with_arguments(task, "create_refund", amount_cents=order.total_cents // 2)
            assert {"refund", "payment"} <= unmet(task, told, half)
            boss = with_arguments(task, "create_refund", approved_by_id="emp-032")
            assert "approver" in unmet(task, told, boss)


def test_an_order_that_may_not_be_cancelled_stays_with_the_reason() -> None:
    refused = [task for task in tasks_of(CANCEL_ORDER) if not writes(task)]
    reasons = Counter(c.text for task in refused for c in task.rubric.criteria if c.id == "reason")
    assert len(reasons) >= 3
    limit = REFUND_LIMIT_CENTS["agent"]
    assert (first_role(limit), first_role(limit + 1)) == ("agent", "senior_agent")
    for task in refused:
        order = order_of(task)
        told = answer_of(task).replace("was not cancelled", "couldn't be cancelled")
        assert not unmet(task, told), task.id
        assert "decision" in unmet(task, told.replace("couldn't be", "has been"))
        cancels = ToolCall(
            tool="update_order",
            arguments={"id": order.id, "status": "cancelled", "employee_id": "emp-001"},
        )
        if order.status in ("processing", "pending_payment"):
            assert "no-change" in unmet(task, told, (*reference_of(task).calls, cancels))


def test_an_order_is_redirected_or_its_carrier_named() -> None:
    tasks = tasks_of(REDIRECT_ORDER)
    changed = [task for task in tasks if writes(task)]
    assert len(tasks) / 3 <= len(changed) <= len(tasks) * 2 / 3
    for task in changed:
        new = arguments(task, "update_order")["ship_to"]
        assert isinstance(new, dict)
        told = (
            f"All set. {order_of(task).id} will be delivered to:\n{new['street']}\n{new['city']}, "
            f"{new['state']} {new['zip']}"
        )
        assert not unmet(task, told), task.id
        elsewhere = with_arguments(task, "update_order", ship_to={**new, "zip": "00000"})
        assert unmet(task, told, elsewhere) == {"ship-to"}
    for task in [task for task in tasks if not writes(task)]:
        parcels = company().shipments_of(order_of(task).id)
        listed = "; ".join(f"{p.carrier}, tracking {p.tracking_number}" for p in parcels)
        told = f"Too late: {order_of(task).id} has left the warehouse. {listed}."
        assert not unmet(task, told), task.id
        assert unmet(task, told.replace(parcels[-1].tracking_number, "")) == {
            f"parcel-{parcels[-1].id}"
        }


def test_the_other_of_two_orders_is_left_alone() -> None:
    tasks = tasks_of(STOP_ONE_OF_TWO)
    granted = [task for task in tasks if writes(task)]
    assert len(tasks) / 3 <= len(granted) <= len(tasks) * 2 / 3
    both_open = 0
    for task in granted:
        order_id = str(arguments(task, "update_order")["id"])
        ids = ids_in(answer_of(task), "ord")
        other = company().order(next(i for i in ids if i != order_id))
        told = answer_of(task).replace("in processing", "still processing, not touched")
        assert not unmet(task, told), task.id
        if other.status in ("processing", "pending_payment"):
            both_open += 1
            wrong = with_arguments(task, "update_order", id=other.id)
            assert {"cancelled", "other-stays"} <= unmet(task, told, wrong)
    assert both_open >= 3


def test_a_note_goes_onto_the_newest_open_order_only() -> None:
    tasks = tasks_of(DELIVERY_NOTE)
    written = [task for task in tasks if writes(task)]
    assert len(tasks) / 2 <= len(written) <= len(tasks) * 2 / 3
    for task in tasks:
        order = order_of(task)
        start = f"Order {order.id}"
        if task not in written:
            start = (
                f"They have no open order, so I wrote nothing. Newest: {order.id}, {order.status}"
            )
        told = f"{start}, {order.shipping_service} shipping, {money(order.total_cents)}."
        assert not unmet(task, told), task.id
        if task in written:
            assert "note" in unmet(task, told, ())
            assert "note" in unmet(task, told, with_arguments(task, "update_order", notes="Ring."))
        else:
            assert "decision" in unmet(
                task, told.replace("no open order, so I wrote nothing", "it")
            )


def test_a_confirmation_tells_what_was_ordered_and_claims_no_shipment() -> None:
    for task in tasks_of(ORDER_CONFIRMATION_EMAIL):
        order = order_of(task)
        customer = company().customer(order.customer_id)
        items = "\n".join(
            f"- {company().product(line.product_id).name} (quantity: {line.qty})"
            for line in order.lines
        )
        step = "we will prepare it and send you a tracking number"
        if order.status == "pending_payment":
            step = "please complete the payment; then we pack it"
        told = (
            f"Subject: Your order {order.id}\n\nDear {customer.first_name},\n\nhere is what you "
            f"ordered:\n{items}\n\nTotal: {money(order.total_cents)}\nShipping: "
            f"{order.shipping_service}\nAddress: {order.ship_to.line}\n\nNext, {step}.\n\n"
            "Kind regards\nCoreCraft Support"
        )
        assert not unmet(task, told), task.id
        assert "not-sent" in unmet(task, told.replace("Next,", "It is on its way. Next,"))


def test_a_build_on_the_bench_is_for_leads_and_managers() -> None:
    tasks = tasks_of(CANCEL_LAB_ORDER)
    refused = [task for task in tasks if not writes(task)]
    alone = [task for task in tasks if writes(task) == ["update_order"]]
    assert min(len(refused) - 3, len(alone) - 2, len(tasks) - len(refused) - len(alone)) >= 0
    for task in refused:
        team = arguments(task, "search_employees")["team"]
        leaders = [leader.name for leader in leaders_of(company(), str(team))]
        told = answer_of(task).replace("was not cancelled", "can't be cancelled by you")
        assert not unmet(task, told), task.id
        assert unmet(task, told.replace(leaders[0], "somebody")) == {"who"}
        borrowed = ToolCall(
            tool="update_order",
            arguments={
                "id": order_of(task).id,
                "status": "cancelled",
                "employee_id": leaders_of(company(), str(team))[0].id,
            },
        )
        calls = (*reference_of(task).calls, borrowed)
        assert "no-change" in unmet(task, told, calls)
    for task in alone:
        told = answer_of(task).replace("is not refunded", "has not been refunded")
        assert not unmet(task, told), task.id
        assert "no-refund" in unmet(task, re.sub(r"has not been refunded[^.]*", "goes back", told))

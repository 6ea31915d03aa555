"""Customers and employees: names and addresses that say who it is, limits, leads, store credit."""

from collections.abc import Iterator

from world_builder.worlds.corecraft.consistency.payments import PAID_BACK, RECEIVED
from world_builder.worlds.corecraft.consistency.records import Checks, Record, Records
from world_builder.worlds.corecraft.rules import REFUND_LIMIT_CENTS

_LEADING = ("team_lead", "manager")


def _limit(employee: Record, _: Records) -> Iterator[str]:
    limit = REFUND_LIMIT_CENTS[employee["role"]]
    if employee["refund_limit_cents"] != limit:
        yield f"refund limit is {employee['refund_limit_cents']} cents, not {limit}"


def _manager(employee: Record, records: Records) -> Iterator[str]:
    if employee.get("manager_id") is None:
        if employee["role"] != "manager":
            yield f"is a {employee['role']} without a manager"
        return
    manager = records.of("employee")[employee["manager_id"]]
    if manager["id"] == employee["id"]:
        yield "is their own manager"
    if manager["role"] not in _LEADING:
        yield f"{manager['id']}, who leads them, is a {manager['role']}"
    if not manager["is_active"]:
        yield f"{manager['id']}, who leads them, does not work here"


def _team(employee: Record, records: Records) -> Iterator[str]:
    """Escalations to a manager need exactly one per team."""
    if employee["role"] != "manager" or not employee["is_active"]:
        return
    for other in records.where("employee", "team", employee["team"]):
        is_second = other["role"] == "manager" and other["is_active"]
        if is_second and other["id"] < employee["id"]:
            yield f"manages {employee['team']} like {other['id']}"


def _absence(employee: Record, _: Records) -> Iterator[str]:
    if employee.get("out_of_office") is not None and not employee["is_active"]:
        yield "does not work here but is out of office"


def _employee_names(employee: Record, records: Records) -> Iterator[str]:
    for field in ("name", "email", "slack_handle"):
        for other in records.where("employee", field, employee[field]):
            if other["id"] < employee["id"]:
                yield f"has the {field} of {other['id']}"
    if not employee["slack_handle"].startswith("@"):
        yield f"{employee['slack_handle']} is no Slack handle"


def _customer_names(customer: Record, records: Records) -> Iterator[str]:
    for field in ("email", "phone"):
        for other in records.where("customer", field, customer[field]):
            if other["id"] < customer["id"]:
                yield f"has the {field} of {other['id']}"
    for employee in records.where("employee", "name", customer["name"]):
        yield f"has the name of {employee['id']}, so nobody knows who wrote"


def _credit(customer: Record, records: Records) -> Iterator[str]:
    given = sum(
        refund["amount_cents"]
        for refund in records.where("refund", "customer_id", customer["id"])
        if refund["destination"] == "store_credit" and refund["status"] in PAID_BACK
    )
    spent = sum(
        payment["amount_cents"] - _returned(payment, records)
        for payment in records.where("payment", "customer_id", customer["id"])
        if payment["method"] == "store_credit" and payment["status"] in RECEIVED
    )
    if customer["store_credit_cents"] != given - spent:
        yield f"store credit is {customer['store_credit_cents']} cents, not {given - spent}"


def _returned(payment: Record, records: Records) -> int:
    """What went back to a payment itself."""
    return sum(
        int(refund["amount_cents"])
        for refund in records.where("refund", "payment_id", payment["id"])
        if refund["destination"] == "original_payment" and refund["status"] in PAID_BACK
    )


CHECKS: Checks = {
    "employee": (_limit, _manager, _team, _absence, _employee_names),
    "customer": (_customer_names, _credit),
}

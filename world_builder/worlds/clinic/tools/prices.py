"""What a visit costs and who pays: the co-payment rules as expressions, for quote and booking."""

from world_builder.operations import Compute, Let, object_schema
from world_builder.tools import Tool
from world_builder.worlds.clinic.rules import ADULT_AGE, PLANS
from world_builder.worlds.clinic.tools.arguments import (
    PATIENT_ID,
    SERVICE_ID,
    SUMS,
    bound,
    cel_list,
    cel_map,
    day,
)
from world_builder.worlds.clinic.tools.slots import REFERRAL_LETS

_FLAT = cel_map({name: plan.flat_cents for name, plan in PLANS.items()})
_SHARE = cel_map({name: plan.percent for name, plan in PLANS.items()})
_CAP = cel_map({name: plan.cap_cents for name, plan in PLANS.items()})
_FREE_FOR_CHILDREN = cel_list(name for name, plan in PLANS.items() if plan.children_free)


def _as_number(day: str) -> str:
    """CEL: a day as the number YYYYMMDD, so that ages can be told by subtraction."""
    moment = f"timestamp({day} + 'T12:00:00Z')"
    return (
        f"({moment}.getFullYear() * 10000 + ({moment}.getMonth() + 1) * 100 + {moment}.getDate())"
    )


COPAY_LETS = (
    Let(
        name="is_child",
        value=f"{_as_number('args.day')} - {_as_number('patient.date_of_birth')} "
        f"< {ADULT_AGE * 10000}",
    ),
    Let(name="flat", value=f"{_FLAT}[patient.plan][service.group]"),
    Let(
        name="share",
        value=f"percent(service.price_cents, {_SHARE}[patient.plan][service.group])",
    ),
    Let(
        name="copay",
        value=f"is_child && service.group == 'standard' && patient.plan in {_FREE_FOR_CHILDREN} ? 0"
        " : flat > 0 ? minimum([flat, service.price_cents])"
        f" : minimum([share, {_CAP}[patient.plan]])",
    ),
)

QUOTE_VISIT = Tool(
    name="quote_visit",
    title="Quote a visit",
    description="What a service costs a patient on a day: price, co-payment, the insurer's part, "
    "and whether a referral is needed and there. Books nothing.",
    group=SUMS,
    parameters=object_schema(
        {"patient_id": PATIENT_ID, "service_id": SERVICE_ID, "day": day("The day of the visit.")},
        ("patient_id", "service_id", "day"),
    ),
    operation=Compute(
        bindings=(bound("patient", "args.patient_id"), bound("service", "args.service_id")),
        lets=(*REFERRAL_LETS, *COPAY_LETS),
        result=(
            Let(name="plan", value="patient.plan"),
            Let(name="price_cents", value="service.price_cents"),
            Let(name="copay_cents", value="copay"),
            Let(
                name="insurer_cents",
                value="patient.plan == 'self_pay' ? 0 : service.price_cents - copay",
            ),
            Let(name="needs_referral", value="needs_referral"),
            Let(name="valid_referrals", value="valid_referrals"),
        ),
    ),
)

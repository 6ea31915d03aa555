"""Invariants of the company's story: what must hold across entities, beyond shapes and references.

Tests run them over several seeds and over the states that reference solutions leave behind. They
say what is wrong and mend nothing. One module per subject; figures come from `rules`.
"""

from world_builder.world import World
from world_builder.worlds.corecraft.consistency import (
    articles,
    builds,
    escalations,
    orders,
    parcels,
    payments,
    people,
    products,
    refunds,
    refunds_by_rule,
    resolutions,
    slack,
    tickets,
    times,
)
from world_builder.worlds.corecraft.consistency.records import Checks, Records

_SUBJECTS: tuple[Checks, ...] = (
    people.CHECKS,
    products.CHECKS,
    builds.CHECKS,
    orders.CHECKS,
    payments.CHECKS,
    parcels.CHECKS,
    refunds.CHECKS,
    refunds_by_rule.CHECKS,
    tickets.CHECKS,
    escalations.CHECKS,
    resolutions.CHECKS,
    slack.CHECKS,
    articles.CHECKS,
    times.CHECKS,
)


def violations(world: World) -> tuple[str, ...]:
    """Every broken invariant, as `<id>: <what is wrong>`; empty for a consistent company.

    The world must be valid: shapes and references are not checked again.
    """
    records = Records(world)
    return tuple(
        f"{record_id}: {problem}"
        for checks in _SUBJECTS
        for kind, its_checks in checks.items()
        for record_id, record in records.of(kind).items()
        for check in its_checks
        for problem in check(record, records)
    )

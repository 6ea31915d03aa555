"""The story of the company: everything that happened, drawn by a seed from hand-written blocks.

`plans` and `builds` say what is wanted, `sales` and `parcels` carry it out, `refunds`, `tickets`
and `endings` say what went wrong and how it was mended, `articles` and `slack` what people know.
"""

from dataclasses import replace
from random import Random

from world_builder.worlds.corecraft.company import Company
from world_builder.worlds.corecraft.story.articles import build_articles
from world_builder.worlds.corecraft.story.builds import finished, plan_builds
from world_builder.worlds.corecraft.story.catalogue import build_catalogue
from world_builder.worlds.corecraft.story.credit import credited, spent
from world_builder.worlds.corecraft.story.customers import build_customers
from world_builder.worlds.corecraft.story.endings import escalate, resolve
from world_builder.worlds.corecraft.story.facts import Facts
from world_builder.worlds.corecraft.story.plans import plain_plans
from world_builder.worlds.corecraft.story.posts import Source
from world_builder.worlds.corecraft.story.refunds import build_refunds
from world_builder.worlds.corecraft.story.sales import carry_out
from world_builder.worlds.corecraft.story.slack import build_channels, build_messages
from world_builder.worlds.corecraft.story.staff import build_staff
from world_builder.worlds.corecraft.story.tickets import build_cases

__all__ = ["build_company"]


def build_company(seed: int) -> Company:
    """The company of a seed; the same seed gives the same company everywhere."""

    def rng(part: str) -> Random:
        return Random(f"corecraft/{seed}/{part}")

    products, staff = build_catalogue(rng("catalogue")), build_staff()
    customers = build_customers(rng("customers"), {employee.name for employee in staff})
    builds = plan_builds(rng("builds"), customers, products)
    ordered = [plan.order(rng(f"build {plan.number}")) for plan in builds]
    plans = [*plain_plans(rng("plans"), customers, products), *(p for p in ordered if p)]
    sales = carry_out(plans, products, rng("sales"))
    machines = finished(builds, sales.builds, staff, rng("machines"))
    refunds, payments = build_refunds(
        sales.orders, sales.shipments, sales.payments, customers, products, staff, rng("refunds")
    )
    payments = spent(payments, refunds)
    facts = Facts(
        customers={c.id: c for c in customers},
        products={p.id: p for p in products},
        orders=sales.orders,
        shipments=sales.shipments,
        payments=payments,
        refunds=refunds,
        builds=machines,
        staff=staff,
    )
    cases = build_cases(facts, rng("tickets"))
    cases, escalations = escalate(cases, staff, rng("escalations"))
    cases, resolutions = resolve(cases, escalations, products, rng("resolutions"))
    of_refund = {case.refund.id: case.ticket.id for case in cases if case.refund}
    articles, channels = build_articles(rng("articles")), build_channels(staff)
    source = Source(
        staff=staff,
        customers=customers,
        products=products,
        orders=sales.orders,
        shipments=sales.shipments,
        articles=articles,
    )
    return Company(
        customers=credited(customers, payments, refunds),
        employees=staff,
        products=products,
        orders=tuple(sales.orders),
        tickets=tuple(case.ticket for case in cases),
        builds=machines,
        articles=articles,
        refunds=tuple(replace(r, ticket_id=of_refund.get(r.id)) for r in refunds),
        escalations=tuple(escalations),
        resolutions=tuple(resolutions),
        channels=channels,
        messages=build_messages(channels, source, rng("slack")),
        shipments=tuple(sales.shipments),
        payments=tuple(payments),
    )

"""The story of the company: everything that happened, drawn by a seed from hand-written blocks.

`plans` and `builds` say what is wanted, `sales` and `parcels` carry it out, `refunds`, `tickets`
and `endings` say what went wrong and how it was mended, `articles` and `slack` what people know.
"""

from dataclasses import replace
from random import Random

from world_builder.worlds.corecraft.company import Company, Customer, Refund
from world_builder.worlds.corecraft.story.articles import build_articles
from world_builder.worlds.corecraft.story.builds import finished, plan_builds
from world_builder.worlds.corecraft.story.catalogue import build_catalogue
from world_builder.worlds.corecraft.story.customers import build_customers
from world_builder.worlds.corecraft.story.endings import escalate, resolve
from world_builder.worlds.corecraft.story.plans import plain_plans
from world_builder.worlds.corecraft.story.refunds import build_refunds
from world_builder.worlds.corecraft.story.sales import carry_out
from world_builder.worlds.corecraft.story.slack import Source, build_channels, build_messages
from world_builder.worlds.corecraft.story.staff import build_staff
from world_builder.worlds.corecraft.story.tickets import Facts, build_tickets

__all__ = ["build_company"]


def build_company(seed: int) -> Company:
    """The company of a seed; the same seed gives the same company everywhere."""

    def rng(part: str) -> Random:
        return Random(f"corecraft/{seed}/{part}")

    products, staff = build_catalogue(rng("catalogue")), build_staff()
    customers = build_customers(rng("customers"))
    builds = plan_builds(rng("builds"), customers, products)
    ordered = [plan.order(rng(f"build {plan.number}")) for plan in builds]
    plans = [*plain_plans(rng("plans"), customers, products), *(p for p in ordered if p)]
    sales = carry_out(plans, products, rng("sales"))
    machines = finished(builds, sales.builds, staff, rng("machines"))
    refunds, payments = build_refunds(
        sales.orders, sales.shipments, sales.payments, customers, products, staff, rng("refunds")
    )
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
    tickets, of_refund = build_tickets(facts, rng("tickets"))
    refunds = [replace(r, ticket_id=of_refund.get(r.id)) for r in refunds]
    tickets, escalations = escalate(tickets, staff, rng("escalations"))
    tickets, resolutions = resolve(tickets, escalations, refunds, products, rng("resolutions"))
    articles, channels = build_articles(rng("articles")), build_channels(staff)
    source = Source(staff=staff, products=products, orders=sales.orders, articles=articles)
    return Company(
        customers=_credited(customers, refunds),
        employees=staff,
        products=products,
        orders=tuple(sales.orders),
        tickets=tuple(tickets),
        builds=machines,
        articles=articles,
        refunds=tuple(refunds),
        escalations=tuple(escalations),
        resolutions=tuple(resolutions),
        channels=channels,
        messages=build_messages(channels, source, rng("slack")),
        shipments=tuple(sales.shipments),
        payments=tuple(payments),
    )


def _credited(customers: tuple[Customer, ...], refunds: list[Refund]) -> tuple[Customer, ...]:
    """Customers with the store credit that refunds gave them."""
    given = {
        customer.id: sum(
            r.amount_cents
            for r in refunds
            if r.customer_id == customer.id
            and r.destination == "store_credit"
            and r.status in ("approved", "processed")
        )
        for customer in customers
    }
    return tuple(replace(c, store_credit_cents=given[c.id]) for c in customers)

"""Quotes of the build lab, written, refused and told of by e-mail, in other words and wrongly."""

from dataclasses import replace
from datetime import date, timedelta

from tests.world_builder.worlds.corecraft.answers import (
    answer_of,
    arguments,
    criterion_ids,
    goods_of,
    ids_in,
    tasks_of,
    unmet,
    with_arguments,
    without,
    writes,
)
from tests.world_builder.worlds.corecraft.company import company
from tests.world_builder.worlds.corecraft.machines import (
    amount_told,
    another_like,
    build_in,
    faults_told,
    misread,
    misread_key,
)
from world_builder.checks import StateCheck
from world_builder.expressions import money
from world_builder.frozen import Json
from world_builder.tasks import Task
from world_builder.tools import ToolCall
from world_builder.workbench import reference_of
from world_builder.worlds.corecraft.company import Build, Customer, Product
from world_builder.worlds.corecraft.reckoning.faults import Fault, faults_of
from world_builder.worlds.corecraft.reckoning.quotes import holds, last_day, last_day_of
from world_builder.worlds.corecraft.reckoning.replacements import parts_of
from world_builder.worlds.corecraft.scenarios.builds.fit_mail import FIT_EMAIL
from world_builder.worlds.corecraft.scenarios.builds.quote_mail import QUOTE_EMAIL
from world_builder.worlds.corecraft.scenarios.builds.quoting import QUOTE_BUILD
from world_builder.worlds.corecraft.scenarios.builds.validity import QUOTE_VALID

FEWEST = 3
"""The least number of tasks of each kind that a scenario has."""


def machine_name(build: Build) -> str:
    return build.name.rpartition(" for ")[0]


def validity_told(build: Build, day: date, *, is_good: bool) -> str:
    """Whether a quote holds as another colleague would put it."""
    start = f"{build.id} is still valid, through" if is_good else f"{build.id} lapsed; good until"
    total = money(build.parts_cents + build.assembly_cents)
    return (
        f"{start} {day:%b} {day.day}. Parts {money(build.parts_cents).removeprefix('$')} dollars, "
        f"assembly: {amount_told(build.assembly_cents)}, sum {total}."
    )


def test_a_quote_lapses_after_its_last_day() -> None:
    seen = []
    for task in tasks_of(QUOTE_VALID):
        build = build_in(task.title)
        is_good, day = holds(build, company().now.date()), last_day(build)
        told = validity_told(build, day, is_good=is_good)
        assert not unmet(task, told), told
        assert unmet(task, validity_told(build, day, is_good=not is_good)) == {"verdict"}
        month = validity_told(build, build.quoted_on + timedelta(days=30), is_good=is_good)
        assert unmet(task, month) == {"last-day"}
        if not is_good:
            assert "verdict" in unmet(task, f"Yes. {told}")
        dearer = replace(build, parts_cents=build.parts_cents + 2000)
        assert unmet(task, validity_told(dearer, day, is_good=is_good)) == {"parts", "total"}
        seen.append((is_good, day == company().now.date()))
    assert min(sum(good is kind for good, _ in seen) for kind in (True, False)) >= FEWEST
    assert (True, True) in seen


def test_a_quote_holds_the_parts_asked_for() -> None:
    written = [task for task in tasks_of(QUOTE_BUILD) if writes(task) == ["create_build"]]
    assert len(written) >= FEWEST
    for task in written:
        made, until = arguments(task, "create_build"), last_day_of(company().now.date())
        (quote_id,) = ids_in(answer_of(task), "bld")
        parts = sum(product.price_cents * qty for product, qty in goods_of(made["items"]))
        tier = company().customer(str(made["customer_id"])).loyalty_tier
        fee = "no fee" if tier == "platinum" else "a fee of $99"
        told = (
            f"Done: {quote_id}, valid through {until}. {money(parts)} for the parts, and for "
            f"putting it together {fee}."
        )
        assert not unmet(task, told), told
        assert unmet(task, told, without(task, "create_build")) >= {"quote", "parts"}
        items = made["items"]
        assert isinstance(items, list)
        assert not unmet(task, told, with_arguments(task, "create_build", items=items[::-1]))
        assert "parts" in unmet(task, told, with_arguments(task, "create_build", items=items[:-1]))
        swapped = with_another_drive(items)
        assert unmet(task, told, with_arguments(task, "create_build", items=swapped)) == {"parts"}
        stranger = next(c.id for c in company().customers if c.id != made["customer_id"])
        for_another = with_arguments(task, "create_build", customer_id=stranger)
        assert "quote" in unmet(task, told, for_another)


def with_another_drive(items: list[Json]) -> list[Json]:
    """The items with a drive that fits as well."""
    rows = [dict(item) for item in items if isinstance(item, dict)]
    drives = [p for p in company().products_in("storage") if p.status == "active"]
    row = next(row for row in rows if str(row["product_id"]) in [drive.id for drive in drives])
    sold = company().product(str(row["product_id"]))
    row["product_id"] = next(
        drive.id
        for drive in drives
        if drive.id != sold.id and drive.specs["interface"] == sold.specs["interface"]
    )
    return [*rows]


def listed_parts(task: Task) -> list[tuple[Product, int]]:
    return goods_of(arguments(task, "check_build_compatibility")["items"])


def customer_of(task: Task) -> Customer:
    """Whoever the reference looks for."""
    sought = str(arguments(task, "search_customers")["text"])
    return next(c for c in company().customers if sought in (c.name, c.email))


def obstacle_told(task: Task) -> str:
    """Why there is no quote."""
    gone = [product for product, _ in listed_parts(task) if product.status == "discontinued"]
    if gone:
        return f"We do not sell the {gone[0].name}; it is no longer available."
    return faults_told(faults_of(listed_parts(task)))


def test_nothing_is_quoted_that_cannot_be_built_or_sold() -> None:
    refused = [task for task in tasks_of(QUOTE_BUILD) if not writes(task)]
    unsold = [task for task in refused if "unsold" in criterion_ids(task)]
    assert min(len(unsold), len(refused) - len(unsold)) >= 2
    new_id = f"bld-{len(company().builds) + 1:03}"
    working = next(b for b in company().builds if not faults_of(parts_of(company(), b)))
    for task in refused:
        customer = customer_of(task)
        told = f"I did not create anything for {customer.name}.\n{obstacle_told(task)}"
        assert not unmet(task, told), told
        claimed = told.replace("I did not create anything", f"Done, {new_id} is ready")
        assert unmet(task, claimed) == {"refused", "no-id"}, claimed
        items: list[Json] = [{"product_id": p.product_id, "qty": p.qty} for p in working.parts]
        mended = ToolCall(
            tool="create_build",
            arguments={
                "customer_id": customer.id, "name": "Mended", "purpose": "gaming", "items": items
            },
        )  # fmt: skip
        assert unmet(task, told, (*reference_of(task).calls, mended)) == {"no-change"}
        if task not in unsold:
            wrong = faults_told(misread(faults_of(listed_parts(task))))
            assert misread_key(faults_of(listed_parts(task))) in unmet(
                task, told.replace(obstacle_told(task), wrong)
            )


def test_quotes_are_checked_in_the_state() -> None:
    for task in tasks_of(QUOTE_BUILD):
        checks = [c.check for c in task.rubric.criteria if isinstance(c.check, StateCheck)]
        assert len(checks) == (2 if writes(task) else 0)


def misfit_mail(build: Build, faults: tuple[Fault, ...], fix: Product) -> str:
    first_name, name = company().customer(build.customer_id).first_name, machine_name(build)
    return (
        f"Subject: Your {name}\n\nDear {first_name},\n\nThank you for your patience. In your "
        f"{name.lower()} these do not go together:\n{faults_told(faults)}\n\n"
        f"We suggest the {fix.name} at {money(fix.price_cents)} in its place. Just let us know if "
        "that suits you.\n\nKind regards,\nCoreCraft Support"
    )


def test_a_misfit_is_explained_by_mail() -> None:
    for task in tasks_of(FIT_EMAIL):
        build = build_in(task.title)
        parts = parts_of(company(), build)
        faults, products = faults_of(parts), tuple(product for product, _ in parts)
        mended = goods_of(arguments(task, "check_build_compatibility")["items"])
        fix = next(product for product, _ in mended if product not in products)
        mail = misfit_mail(build, faults, fix)
        assert not unmet(task, mail), mail
        other = replace(another_like(fix, but=products), price_cents=fix.price_cents)
        assert unmet(task, misfit_mail(build, faults, other)) == {"fix"}
        wrong = misfit_mail(build, misread(faults), fix)
        assert unmet(task, wrong) == {misread_key(faults)}, wrong
        rebated = replace(fix, price_cents=fix.price_cents - 500)
        assert unmet(task, misfit_mail(build, faults, rebated)) == {"price"}


def quote_mail(build: Build, names: list[str], fee: str) -> str:
    customer, day = company().customer(build.customer_id), last_day(build)
    return (
        f"Hi {customer.first_name},\n\nyour {machine_name(build)}: {', '.join(names)}. That is "
        f"{money(build.parts_cents)} for the parts; {fee}. Valid until {day.day} {day:%B %Y}. "
        "Confirm by replying and we start.\n\nBest wishes,\nCoreCraft Support"
    )


def sibling_of(product: Product) -> Product:
    """A product that it may be mistaken for: of a shorter name where there is one."""
    others = [o for o in company().products_in(product.category) if product.name not in o.name]
    return max(others, key=lambda other: product.name.startswith(other.name))


def test_a_quote_is_presented_by_mail() -> None:
    fees = {True: "assembly is $99.00", False: "assembly is on us (no fee)"}
    shorter = 0
    for task in tasks_of(QUOTE_EMAIL):
        build = build_in(task.title)
        products = [product for product, _ in parts_of(company(), build)]
        names, is_charged = [product.name for product in products], build.assembly_cents > 0
        mail = quote_mail(build, names, fees[is_charged])
        assert not unmet(task, mail), mail
        assert unmet(task, quote_mail(build, names, fees[not is_charged])) == {"assembly"}
        later = replace(build, quoted_on=build.quoted_on + timedelta(days=1))
        assert unmet(task, quote_mail(later, names, fees[is_charged])) == {"last-day"}
        for i, product in enumerate(products):
            wrong = [*names[:i], sibling_of(product).name, *names[i + 1 :]]
            assert unmet(task, quote_mail(build, wrong, fees[is_charged])) == {"parts"}
            shorter += product.name.startswith(sibling_of(product).name)
        if "discretion" in criterion_ids(task):
            leak = mail.replace("Confirm", "A forum had other ideas. Confirm")
            assert unmet(task, leak) == {"discretion"}
    assert shorter

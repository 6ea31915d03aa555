"""The scenario `cancel-lab-order`: cancel an order whose computer may be on the bench already."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from world_builder.expressions import money
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.templates import Desk, Draft, Scenario
from world_builder.templates.criteria import (
    CORRECTNESS,
    changes_nothing,
    leaves_out,
    says_all,
    says_amount,
    says_any,
    says_matching,
    says_reason,
)
from world_builder.worlds.corecraft.company import Build, Company, Employee, Order
from world_builder.worlds.corecraft.policies import ORDER_DESK
from world_builder.worlds.corecraft.reckoning.order_changes import (
    LEADING_ROLES,
    StopRuling,
    build_of,
    is_open,
    leaders_of,
    stop_ruling,
)
from world_builder.worlds.corecraft.scenarios.cases import by_turns, once_each
from world_builder.worlds.corecraft.scenarios.common import listed, requester, staff
from world_builder.worlds.corecraft.scenarios.orders.finding import known_as
from world_builder.worlds.corecraft.scenarios.orders.stopping import (
    DISPUTED,
    Stopped,
    is_stopped,
    says_back,
    says_kept,
    says_limit,
    says_no_refund,
    says_stopped,
    stop,
)
from world_builder.worlds.corecraft.scenarios.orders.wording import names_order

_NUM = 12
_TEAMS = ("support", "builds", "returns", "escalations")
_ON_THE_BENCH = {
    "assembling": ("assembled", r"\bassembl\w*|put together"),
    "testing": ("tested", r"\btest(?:ing|ed|s)?\b"),
}
"""By status of a build: what is done with it, and what says so in an answer."""
_PHRASINGS = (
    "{who} wants out of '{build}', the computer we were to build. Please cancel the order it "
    "belongs to, in my name. If that isn't mine to decide, leave it and tell me the build's id, "
    "how far it is and who in my team may decide (all names). When it's cancelled, refund what was "
    "charged, all of it; if only the refund is not possible for me, cancel anyway, tell me why "
    "and, if it's a matter of limits, what mine is and somebody in my team whose limit is enough. "
    "Order and build ids, amount and refund number in the answer.",
    "Can we still stop '{build}' for {who}? It's an order with a build in the lab, so look at how "
    "far that has come before you do anything. May I cancel? Then do, and give back the whole "
    "charge under my name, or, where I'm not able to, tell me the obstacle (for a limit: my limit "
    "and a person of my team who could). May I not? Then nothing, but the build's number and "
    "status, and everyone in my team who may. Numbers of order, build, refund and the amount, "
    "please.",
    "cancel the order behind '{build}' ({who}), as me. not allowed for me -> hands off, give me "
    "build id + status + names of all in my team who could. allowed -> cancel, then full refund "
    "if charged; refund not allowed for me -> cancelled all the same, say why + if it's my limit, "
    "how much that is and one in my team who has enough. ids of order, build, refund + amount.",
    "A change of heart in the lab queue: {who}, '{build}'. First see whether somebody like me may "
    "still cancel. If so, cancel the order and refund the full charge with me as approver. Should "
    "the refund be blocked or too large for me, do the cancelling alone, give me the reason and, "
    "where size is the reason, my limit and one colleague of my team who could approve it. If I "
    "may not cancel, don't, and name the build, its status and those in my team who may, all of "
    "them. Quote order, build and refund numbers and the amount.",
    "'{build}' isn't wanted any more, says {who}. You know the rules for builds better than I do. "
    "Apply them for me: either the order gets cancelled now, or you tell me which build it is, in "
    "what state, and which people of my team have the say. After cancelling, all the money goes "
    "back on my approval if it may, else I want to read what prevents it (with my limit and "
    "somebody of my team with enough, if it is that). Order id, build id, sum, refund id.",
    "I need the order for the machine '{build}' gone, customer {who}, refunded whole if money was "
    "taken. Do in my name what is allowed in my name. Cancelling not allowed: no change; id and "
    "state of the build, and the complete list of people in my team who are allowed. Cancelling "
    "allowed, refund not: cancel, then explain, and if it's my limit, state it and name a teammate "
    "with a high enough one. Please mention order, build, amount, and refund number if there is "
    "one.",
    "Somebody bought '{build}' and regrets it. That is {who}. The question is whether the lab has "
    "begun, and whether that stops me. If I may: cancel the order for me, pay back all that was "
    "charged; if I can't pay it back, cancel and tell me the cause, plus my limit and a person in "
    "my team who is allowed that much when it's about the limit. If I may not: hands off; which "
    "build, how far, who of my team could (everybody). With order number, build number, amount, "
    "refund number.",
    "Order with a build, to be cancelled: '{build}', {who}. Check build status and my role first. "
    "Go ahead only as far as I'm entitled to. Cancelled? Then the complete refund too, in my name, "
    "or the reason why not; for a limit I need the figure of mine and one of my team who has "
    "enough. Not cancelled? Then build id, status, and all in my team who would be entitled. "
    "Report ids (order, build, refund) and the amount.",
    "Before {who} calls back at three I want '{build}' dealt with. They cancel. We follow the "
    "rules on builds: if it's for me to cancel, cancel the order and send back the full payment as "
    "approved by me. If paying back is not for me or not for now, cancel nevertheless and say what "
    "stands against it (limit: mine, and a name from my team that is enough). If cancelling isn't "
    "for me, leave it, tell me build, status and every name in my team that could. Order number, "
    "build number, amount, refund number.",
)
_DETAILS = (
    "The lab hasn't been asked yet.",
    "They were told it would take a week.",
    "Somebody said builds can never be cancelled, which I doubt.",
    "I'll tell the technician myself.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An order with a build, and who would like to cancel it."""

    order: Order
    build: Build
    asker: Employee
    ruling: StopRuling

    @property
    def kind(self) -> tuple[str, str]:
        """What becomes of it, and how far the build is where that matters."""
        problem, status = self.ruling.problem or "granted", self.build.status
        is_refused = problem == "on_the_bench"
        return (problem, status if is_refused else f"is ordered: {status == 'ordered'}")


def _drafts(desk: Desk[Company]) -> Iterator[Draft]:
    rng = desk.random("cancel-lab-order")
    for case in _cases(desk.model, rng):
        yield _draft(desk, case, rng)


def _cases(company: Company, rng: Random) -> list[Case]:
    """Waiting builds and builds on the bench; whole, without refund, and refused, by turns."""
    people = staff(company, *_TEAMS)
    leading = [e for e in people if e.role in LEADING_ROLES]
    others = [e for e in people if e.role not in LEADING_ROLES]
    cases = []
    for order in company.orders:
        build = build_of(company, order)
        if build is not None and is_open(order):
            for asker in (*rng.sample(leading, 4), rng.choice(others)):
                ruling = stop_ruling(company, order, asker)
                cases.append(Case(order=order, build=build, asker=asker, ruling=ruling))
    rng.shuffle(cases)
    told = [case for case in cases if _able(company, case)]
    return once_each(by_turns(told, lambda case: case.kind), lambda case: case.order.id)


def _draft(desk: Desk[Company], case: Case, rng: Random) -> Draft:
    company, order = desk.model, case.order
    customer = company.customer(order.customer_id)
    session = desk.session()
    stopped = stop(session, company, order, case.asker, case.ruling)
    if case.ruling.problem in ("on_the_bench", "above_limit"):
        for role in LEADING_ROLES:
            session.call("search_employees", team=case.asker.team, role=role, is_active=True)
    return Draft(
        title=f"Cancel {case.build.name}",
        keys=(order.id,),
        slots={"who": known_as(company, customer, rng), "build": case.build.name},
        calls=session.calls,
        response=_answer(company, case, stopped),
        criteria=(
            *_outcome(company, case, stopped),
            names_order(order),
            says_any("build-id", f"Names the build: {case.build.id}.", case.build.id),
        ),
        requester=requester(case.asker),
    )


def _able(company: Company, case: Case) -> list[str]:
    """Names of the leaders of the asker's team who may do what the asker may not."""
    least = case.ruling.amount_cents if case.ruling.problem == "above_limit" else 0
    return [e.name for e in leaders_of(company, case.asker.team, least_limit_cents=least)]


def _outcome(company: Company, case: Case, stopped: Stopped) -> tuple[Criterion, ...]:
    order, ruling, build = case.order, case.ruling, case.build
    names = _able(company, case)
    if ruling.problem == "on_the_bench":
        told, pattern = _ON_THE_BENCH[build.status]
        status = says_matching("status", f"Says that the build is {told}.", pattern, CORRECTNESS)
        who = says_all("who", "Names everybody in the asker's team who may cancel.", *names)
        return (says_kept(order), status, who, changes_nothing())
    done = (says_stopped(order), *is_stopped(order, ruling, stopped))
    if ruling.problem is None:
        return (*done, *says_back(ruling, stopped))
    amount = says_amount("amount", "what was charged", ruling.amount_cents)
    if ruling.problem == "disputed":
        reason = says_reason("Says that the payment is disputed: nothing goes back.", DISPUTED)
        return (*done, amount, reason, says_no_refund())
    return (
        *done,
        amount,
        says_no_refund(),
        says_limit(case.asker.refund_limit_cents),
        says_any("who", "Names somebody in the team whose limit covers it.", *names),
        *_leaves_unable(company, case),
    )


def _leaves_unable(company: Company, case: Case) -> tuple[Criterion, ...]:
    """Leaders of the team whose limit is too small either are not offered."""
    known = {*_able(company, case), case.asker.name}
    others = [e.name for e in leaders_of(company, case.asker.team) if e.name not in known]
    text = "Names nobody of the team's leaders whose limit is too small."
    return (leaves_out("not-who", text, *others),) if others else ()


def _answer(company: Company, case: Case, stopped: Stopped) -> str:
    order, build, ruling = case.order, case.build, case.ruling
    names = _able(company, case)
    if ruling.problem == "on_the_bench":
        told = f"{order.id} was not cancelled. Its build {build.id} is being"
        who = f"In your team it is up to {listed(names)}."
        return f"{told} {_ON_THE_BENCH[build.status][0]}. {who}"
    done = f"{order.id} is cancelled, and {build.id} with it."
    amount = money(ruling.amount_cents)
    if stopped.refund_id:
        return f"{done} The {amount} that was charged goes back as {stopped.refund_id}."
    if ruling.problem == "disputed":
        return f"{done} The {amount} is not refunded. Its payment is disputed, so the bank decides."
    limit = money(case.asker.refund_limit_cents)
    return (
        f"{done} The {amount} is not refunded yet. It is above your limit of {limit}. In your team "
        f"the limit of {names[-1]} is high enough."
    )


CANCEL_LAB_ORDER: Scenario[Company] = Scenario(
    name="cancel-lab-order",
    category=Category.MULTI_STEP_WORKFLOW,
    difficulty=Difficulty.EXPERT,
    system_prompt=ORDER_DESK,
    intent="Have the order for '{build}' of {who} cancelled and refunded as far as the asker's "
    "role and limit go, and know whose say the rest is.",
    phrasings=_PHRASINGS,
    details=_DETAILS,
    drafts=_drafts,
    num_tasks=_NUM,
    is_unseen=True,
)

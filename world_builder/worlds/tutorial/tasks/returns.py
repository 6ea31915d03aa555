"""The scenario that takes books back: create the return, or refuse it and say why."""

from world_builder.expressions import money
from world_builder.frozen import Json
from world_builder.rubrics import Criterion
from world_builder.tasks import Category, Difficulty
from world_builder.tools import ToolCall
from world_builder.worlds.tutorial.policies import RETURNS_DESK
from world_builder.worlds.tutorial.rules import RETURN_DAYS
from world_builder.worlds.tutorial.shop import Line, Order, Shop
from world_builder.worlds.tutorial.tasks.cases import delivered_ago, first_lines, return_problem
from world_builder.worlds.tutorial.tasks.criteria import (
    changes_nothing,
    changes_only,
    is_short,
    says_amount,
    says_any,
    says_no,
    says_reason,
    state_is,
)
from world_builder.worlds.tutorial.tasks.drafting import Desk, Draft, Scenario, call, pick
from world_builder.worlds.tutorial.tasks.verdicts import REASON_PATTERNS, REASON_TEXTS

_PROMPTS = (
    "I'd like to return one copy of {title} from {order}. {why}",
    "hello, please take back 1 {title}, it was in {order}. {why} what do i get back?",
    "{order}: one {title} has to go back. {why} Please arrange it and tell me the refund.",
    "Return request: {title}, one copy, order {order}. {why}",
    "can you sort out a return for me? {title} x1 from {order}. {why}",
)
_WHY: dict[str, tuple[str, ...]] = {
    "changed_mind": (
        "I changed my mind about it.",
        "It's simply not for me after all.",
        "I don't want it any more.",
    ),
    "wrong_book": ("It is the wrong book.", "You sent me the wrong book."),
    "damaged": ("The cover is torn off.", "It arrived damaged, pages 20 to 40 are soaked."),
}


def _cases(shop: Shop) -> list[tuple[Order, Line, str]]:
    """Order, line and reason of eight wishes; three of them are against the rules."""
    fine = first_lines(shop, None)
    late = [
        pair
        for pair in first_lines(shop, "too_late")
        if return_problem(shop, *pair, "damaged") is None
    ]
    final = first_lines(shop, "final_sale")
    partly = next(p for p in fine if shop.num_returned(p[0].id, p[1].book_id))
    whole = [pair for pair in fine if pair != partly]
    return [
        (*whole[0], "changed_mind"),
        (*final[0], "changed_mind"),
        (*whole[1], "wrong_book"),
        (*late[0], "damaged"),
        (*final[1], "damaged"),
        (*delivered_ago(shop, RETURN_DAYS + 1), "changed_mind"),
        (*partly, "changed_mind"),
        (*first_lines(shop, "already_returned")[0], "changed_mind"),
    ]


def _drafts(desk: Desk) -> list[Draft]:
    return [_draft(i, desk, *case) for i, case in enumerate(_cases(desk.shop))]


def _draft(i: int, desk: Desk, order: Order, line: Line, reason: str) -> Draft:
    title = desk.shop.book(line.book_id).title
    problem = return_problem(desk.shop, order, line, reason)
    asked: dict[str, Json] = {
        "order_id": order.id,
        "book_id": line.book_id,
        "qty": 1,
        "reason": reason,
    }
    tool = "check_return" if problem else "create_return"
    calls = (call("find_books", text=title), call(tool, **asked))
    if problem:
        response, criteria = _refusal(problem)
    else:
        response, criteria = _acceptance(i, desk, calls, order, line, reason)
    return Draft(
        title=f"Return {title}",
        prompt=pick(_PROMPTS, i).format(title=title, order=order.id, why=pick(_WHY[reason], i)),
        calls=calls,
        response=response,
        criteria=criteria,
    )


def _acceptance(
    i: int,
    desk: Desk,
    calls: tuple[ToolCall, ...],
    order: Order,
    line: Line,
    reason: str,
) -> tuple[str, tuple[Criterion, ...]]:
    new_id = str(desk.values(calls)[-1]["id"])
    refund = money(line.price_cents)
    response = pick(
        (
            f"The return {new_id} is created, and the refund is {refund}.",
            f"You get {refund} back. The return is {new_id}.",
        ),
        i,
    )
    made = (
        f"created.exists(c, c.type == 'return_request' && c.after.order_id == '{order.id}' "
        f"&& c.after.book_id == '{line.book_id}'"
    )
    return response, (
        state_is(
            "returned",
            f"One return exists, of one copy of {line.book_id} from {order.id}.",
            f"created.size() == 1 && {made} && c.after.qty == 1)",
        ),
        state_is(
            "why-recorded",
            f"The return's reason is {reason}.",
            f"{made} && c.after.reason == '{reason}')",
        ),
        says_amount("refund", "the refund", line.price_cents),
        says_any("return-id", f"Names the return: {new_id}.", new_id),
        changes_only("Changes nothing but the new return.", new=("return_request",)),
    )


def _refusal(problem: str) -> tuple[str, tuple[Criterion, ...]]:
    why = {
        "final_sale": "it is a final-sale title",
        "too_late": f"the {RETURN_DAYS}-day window has passed",
        "already_returned": "it was already returned",
    }[problem]
    return f"The copy cannot come back, because {why}.", (
        says_no("Says that the copy cannot come back."),
        says_reason(REASON_TEXTS[problem], REASON_PATTERNS[problem]),
        is_short(),
        changes_nothing(),
    )


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="return-create",
        category=Category.MULTI_STEP_WORKFLOW,
        difficulty=Difficulty.HARD,
        system_prompt=RETURNS_DESK,
        intent="Get the money back for a copy, as far as the policy allows.",
        drafts=_drafts,
    ),
)

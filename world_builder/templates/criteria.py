"""Criteria as scenarios use them, each with the check that decides it.

Checks accept other wordings of a right answer and refuse a wrong one; an empty answer meets none
of them. `phrases` holds the patterns of decisions.
"""

import re
from collections.abc import Sequence

from world_builder.checks import (
    AllOf,
    AnyOf,
    ArgumentMatch,
    Check,
    ContainsAll,
    ContainsAny,
    Format,
    FormatKind,
    Matches,
    NoCollateral,
    NotContains,
    Number,
    StateCheck,
    ToolCalled,
)
from world_builder.expressions import money
from world_builder.frozen import Json
from world_builder.rubrics import Criterion, CriterionCategory, Examples, Scope
from world_builder.templates.phrases import CONSENT, DENIAL, GRANTED, REFUSAL, count_pattern
from world_builder.wording import counted

COMPLETENESS = CriterionCategory.COMPLETENESS
CORRECTNESS = CriterionCategory.CORRECTNESS
CONSTRAINT = CriterionCategory.CONSTRAINT
FORMAT = CriterionCategory.FORMAT


def criterion(
    key: str,
    text: str,
    check: Check | None,
    category: CriterionCategory = CORRECTNESS,
    *,
    is_critical: bool = False,
    scope: Scope = Scope.RESPONSE,
) -> Criterion:
    """Any criterion; `check` None leaves it to a judge."""
    return Criterion(
        id=key, text=text, category=category, check=check, is_critical=is_critical, scope=scope
    )


def says_amount(key: str, what: str, cents: int) -> Criterion:
    """The response states an amount of money in dollars."""
    return criterion(key, f"States {what}: {money(cents)}.", Number(value=cents / 100))


def says_number(key: str, what: str, value: float, unit: str = "") -> Criterion:
    """The response states a number, in digits; ids and dates don't count."""
    told = f"{value:g} {unit}".strip()
    return criterion(key, f"States {what}: {told}.", Number(value=value))


def says_count(key: str, what: str, count: int) -> Criterion:
    """The response states a count, in digits or words; money and ids don't count."""
    pattern = count_pattern(count)
    return criterion(key, f"States {what}: {count}.", Matches(pattern=pattern))


def says_how_many(key: str, text: str, num: int, noun: str) -> Criterion:
    """The response gives a count beside its noun, a pattern; a number alone is not enough."""
    count = count_pattern(num)
    near = r"(?:\W+\w+){0,3}?\W+"
    return says_matching(key, text, rf"(?:{count}){near}(?:{noun})|(?:{noun})\w*{near}(?:{count})")


def says_any(
    key: str, text: str, *facts: str, category: CriterionCategory = COMPLETENESS
) -> Criterion:
    """The response holds one of the texts."""
    return criterion(key, text, ContainsAny(texts=facts), category)


def says_all(
    key: str, text: str, *facts: str, category: CriterionCategory = COMPLETENESS
) -> Criterion:
    """The response holds every one of the texts."""
    return criterion(key, text, ContainsAll(texts=facts), category)


def says_date(key: str, what: str, day: str) -> Criterion:
    """The response states a day (ISO), in any form."""
    return criterion(key, f"States {what}: {day}.", ContainsAny(texts=(day,)))


def says_matching(
    key: str, text: str, pattern: str, category: CriterionCategory = COMPLETENESS
) -> Criterion:
    """The response matches a regular expression, any case."""
    return criterion(key, text, Matches(pattern=pattern), category)


def says_right_not_wrong(key: str, text: str, right: str, wrong: str) -> Criterion:
    """The response matches one pattern and nowhere the other."""
    pattern = rf"^(?![\s\S]*(?:{wrong}))[\s\S]*(?:{right})"
    return criterion(key, text, Matches(pattern=pattern))


def says_yes(text: str, key: str = "decision") -> Criterion:
    """The response grants or affirms, and denies nothing."""
    pattern = rf"^(?![\s\S]*(?:{DENIAL}))[\s\S]*(?:{CONSENT})"
    return criterion(key, text, Matches(pattern=pattern), is_critical=True)


def says_no(text: str, key: str = "decision") -> Criterion:
    """The response refuses or denies, and grants nothing."""
    pattern = rf"^(?![\s\S]*(?:{GRANTED}))[\s\S]*?(?:{REFUSAL})"
    return criterion(key, text, Matches(pattern=pattern), is_critical=True)


def says_reason(text: str, pattern: str, key: str = "reason") -> Criterion:
    """The response names the rule or fact behind a decision."""
    return criterion(key, text, Matches(pattern=pattern), COMPLETENESS)


def leaves_out(key: str, text: str, *facts: str) -> Criterion:
    """The response mentions none of the texts."""
    return criterion(key, text, NotContains(texts=facts), CONSTRAINT)


def greets(first_name: str) -> Criterion:
    """The mail opens with the reader's first name."""
    name = re.escape(first_name)
    pattern = rf"\b(?:dear|hello|hi|hey|good \w+),?\s+(?:m[rsx]+\.?\s+)?{name}\b"
    return criterion("greeting", f"Greets {first_name} by name.", Matches(pattern=pattern))


def signs_off(name: str) -> Criterion:
    """The last lines name the sender."""
    pattern = rf"{re.escape(name)}[^\n]*\s*(?:\n[^\n]*)?$"
    return criterion("sign-off", f"Signs as {name}.", Matches(pattern=pattern), FORMAT)


def is_email(max_words: int) -> Criterion:
    checks = (
        Format(format=FormatKind.EMAIL),
        Format(format=FormatKind.WORD_COUNT, minimum=1, maximum=max_words),
    )
    text = f"Is an e-mail with greeting and closing, of at most {max_words} words."
    return criterion("email", text, AllOf(checks=checks), FORMAT)


def has_subject(*facts: str) -> Criterion:
    """The mail has a subject line that holds one of the texts."""
    told = " or ".join(facts)
    pattern = rf"^\**subject:?\**[^\n]*(?:{'|'.join(map(re.escape, facts))})"
    return criterion(
        "subject",
        f"Has a subject line that names {told}.",
        Matches(pattern=f"(?m){pattern}"),
        FORMAT,
    )


def is_short(max_words: int = 80) -> Criterion:
    check = Format(format=FormatKind.WORD_COUNT, minimum=3, maximum=max_words)
    return criterion("short", f"Takes at most {max_words} words.", check, FORMAT)


def is_list(num_items: int | None = None) -> Criterion:
    """A bulleted or numbered list; of exactly so many items unless None."""
    check = Format(format=FormatKind.LIST, minimum=num_items, maximum=num_items)
    told = "a list" if num_items is None else f"a list of {num_items}"
    return criterion("list", f"Gives {told}, one item a line.", check, FORMAT)


def is_table(num_rows: int | None = None) -> Criterion:
    """A Markdown table; of exactly so many rows unless None."""
    check = Format(format=FormatKind.TABLE, minimum=num_rows, maximum=num_rows)
    told = "a table" if num_rows is None else f"a table of {counted(num_rows, 'row')}"
    return criterion("table", f"Gives {told}.", check, FORMAT)


def lists_in_order(key: str, text: str, facts: Sequence[str]) -> Criterion:
    """The texts (ids, names) occur in this order."""
    pattern = r"[\s\S]*?".join(rf"(?<!\w){re.escape(fact)}(?!\w)" for fact in facts)
    return criterion(key, text, Matches(pattern=pattern))


def pairs(
    key: str, text: str, left: str, right: str, category: CriterionCategory = CORRECTNESS
) -> Criterion:
    """Both texts stand in one line or sentence, so that it is clear which belongs to which.

    Texts are compared as written (any case): give amounts as `money(cents)`.
    """
    one, other = (rf"(?<!\w){re.escape(part)}(?!\w)" for part in (left, right))
    gap = r"(?:(?![.!?]\s|\n\s*\n|\n\s*[-*•\d|])[\s\S]){0,200}?"
    pattern = rf"{one}{gap}{other}|{other}{gap}{one}"
    return criterion(key, text, Matches(pattern=pattern), category)


def changes_nothing() -> Criterion:
    return criterion("no-change", "Changes nothing.", NoCollateral(), CONSTRAINT, scope=Scope.STATE)


def changes_only(text: str, ids: tuple[str, ...] = (), new: tuple[str, ...] = ()) -> Criterion:
    """Nothing but the named entities changed; only entities of the types `new` were created."""
    check = NoCollateral(may_change=ids, may_create=new)
    return criterion("nothing-else", text, check, CONSTRAINT, scope=Scope.STATE)


def state_is(key: str, text: str, expression: str) -> Criterion:
    """The final state fulfils a CEL expression; see `checks.StateCheck` for its names."""
    return criterion(
        key, text, StateCheck(expression=expression), is_critical=True, scope=Scope.STATE
    )


def creates_one(key: str, text: str, entity_type: str, **values: Json) -> Criterion:
    """Exactly one entity of a type was created, and it has these values."""
    wanted = " && ".join(f"c.after.{name} == {_cel(value)}" for name, value in values.items())
    kind = f"c.type == '{entity_type}'"
    one = f"size(created.filter(c, {kind})) == 1"
    fits = f"created.exists(c, {kind} && {wanted})" if wanted else "true"
    return state_is(key, text, f"{one} && {fits}")


def field_is(key: str, text: str, entity_type: str, entity_id: str, **values: Json) -> Criterion:
    """An entity has these values in the end."""
    wanted = " && ".join(
        f"lookup('{entity_type}', '{entity_id}').{name} == {_cel(value)}"
        for name, value in values.items()
    )
    return state_is(key, text, wanted)


def called(key: str, text: str, tool: str, **arguments: Json) -> Criterion:
    """A call of the tool with these arguments succeeded. Only where the task demands the step."""
    matches = tuple(ArgumentMatch(name=name, equals=value) for name, value in arguments.items())
    check = ToolCalled(tool=tool, arguments=matches)
    return criterion(key, text, check, scope=Scope.TRAJECTORY)


def either(key: str, text: str, *checks: Check) -> Criterion:
    """One of several checks holds."""
    return criterion(key, text, AnyOf(checks=checks))


def with_examples(given: Criterion, met: str, unmet: str) -> Criterion:
    """The criterion with an answer that meets it and one that does not."""
    return given.model_copy(update={"examples": Examples(met=(met,), unmet=(unmet,))})


def _cel(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"

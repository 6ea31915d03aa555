"""Mistakes in the response: the calls stay as they are."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice

from world_builder.checks import AllOf, AnyOf, Check, Format, FormatKind
from world_builder.facts import Passage
from world_builder.mutation import passages
from world_builder.mutation.lexicon import Mention
from world_builder.mutation.passages import Span
from world_builder.mutation.site import Site
from world_builder.mutation.types import Mutant, MutantKind, Plan, only
from world_builder.mutation.wording import flipped, other_spellings

_FEW_SENTENCES = 3
_NUM_OTHER_VALUES = 3
_NUM_OTHER_ENTITIES = 3
_PADDING = "As an additional remark, everything stated in this message has been stated with care."
_GREETED = re.compile(r"^\s*(?:dear|hello|hi|hey)\s+(?P<name>[A-Z][\w'’-]+)", re.I | re.M)


def drop_sentence(site: Site) -> Iterator[Plan]:
    """Leaves out each sentence in turn; as a spare, each clause of an answer of few sentences."""
    found = site.sentences
    parts = [(span, len(found) < 2) for span in found]
    if len(found) <= _FEW_SENTENCES:
        parts += [(span, True) for span in passages.clauses(site.response, site.sentences)]
    for span, is_spare in parts:
        if shorter := passages.without(site.response, span):
            yield Plan(choices=(partial(_shortened, site, span, shorter),), is_spare=is_spare)


def _shortened(site: Site, span: Span, shorter: str) -> Mutant:
    told = f"leaves out {_short(site.response[span.start : span.end])}"
    return site.answering(MutantKind.DROP_SENTENCE, told, shorter)


def change_value(site: Site) -> Iterator[Plan]:
    """Changes each number, amount and date to a near one, wherever it stands."""
    masked = [_span(mention) for mention in site.mentions]
    groups = passages.values(site.response, masked)
    taken = {passage.normal for group in groups for passage in group}
    for group in groups:
        others = islice(other_spellings(group, taken, site.random), _NUM_OTHER_VALUES)
        yield Plan(choices=tuple(partial(_changed, site, group, texts) for texts in others))


def _changed(site: Site, group: list[Passage], texts: list[str]) -> Mutant:
    pairs = [(Span(p.start, p.end), text) for p, text in zip(group, texts, strict=True)]
    told = f"changes {group[0].text} to {texts[0]}"
    return site.answering(MutantKind.CHANGE_VALUE, told, passages.replaced(site.response, pairs))


def swap_entity(site: Site) -> Iterator[Plan]:
    """Names another entity of the type instead, by id and name, wherever one is named."""
    by_entity: dict[tuple[str, str], list[Mention]] = {}
    for mention in site.mentions:
        by_entity.setdefault((mention.entity.entity_type, mention.entity.id), []).append(mention)
    for mentions in by_entity.values():
        others = site.mistakable(mentions[0].entity, _NUM_OTHER_ENTITIES)
        swaps = [
            [(_span(m), other.id if m.is_id else other.name) for m in mentions] for other in others
        ]
        named = [pairs for pairs in swaps if all(new for _, new in pairs)]
        yield Plan(choices=tuple(partial(_swap, site, pairs) for pairs in named))


def greet_another(site: Site) -> Iterator[Plan]:
    """Greets another person."""
    match = _GREETED.search(site.response)
    entity = site.lexicon.by_first_name(match["name"]) if match else None
    if match is None or entity is None:
        return
    span = Span(match.start("name"), match.end("name"))
    others = site.mistakable(entity, _NUM_OTHER_ENTITIES)
    names = {other.name.split()[0] for other in others if other.name} - {match["name"]}
    yield Plan(choices=tuple(partial(_swap, site, [(span, name)]) for name in sorted(names)))


def _span(mention: Mention) -> Span:
    return Span(mention.start, mention.end)


def _swap(site: Site, pairs: list[tuple[Span, str]]) -> Mutant:
    first, new = pairs[0]
    told = f"names {new} instead of {site.response[first.start : first.end]}"
    return site.answering(MutantKind.SWAP_ENTITY, told, passages.replaced(site.response, pairs))


def flip_decision(site: Site) -> Iterator[Plan]:
    """Turns the decisions of each sentence round, then all of them."""
    turned: list[tuple[Span, str]] = []
    for span in site.sentences:
        sentence = site.response[span.start : span.end]
        if (other := flipped(sentence)) != sentence:
            turned.append((span, other))
            told = "says {} instead of {}".format(*_difference(other, sentence))
            response = passages.replaced(site.response, [(span, other)])
            yield only(site.answering(MutantKind.FLIP_DECISION, told, response))
    if len(turned) > 1:
        response = passages.replaced(site.response, turned)
        yield only(site.answering(MutantKind.FLIP_DECISION, "turns every decision round", response))


def cut_short(site: Site) -> Iterator[Plan]:
    """Ends the answer in its middle."""
    end = site.response.rfind(" ", 0, len(site.response) // 2 + 1)
    if end > 0:
        shorter = site.response[:end].rstrip()
        yield only(site.answering(MutantKind.CUT_SHORT, "ends in the middle", shorter))


def wrong_format(site: Site) -> Iterator[Plan]:
    """Breaks each structure that the rubric demands or the response has."""
    demanded = [f for c in site.task.rubric.criteria if c.check for f in _formats(c.check)]
    kinds = {check.format for check in demanded}
    plain = _plain(site.response)
    is_structured = (
        passages.has_frame(site.response)
        or any(map(passages.LIST_MARKER.match, site.response.splitlines()))
        or "|\n" in site.response
        or kinds & {FormatKind.EMAIL, FormatKind.LIST, FormatKind.TABLE, FormatKind.JSON}
    )
    if is_structured and plain:
        told = "writes one plain paragraph: no lines, list or e-mail"
        yield only(site.answering(MutantKind.WRONG_FORMAT, told, plain))
    for check in demanded:
        if check.format is FormatKind.WORD_COUNT and check.maximum is not None:
            missing = check.maximum + 1 - len(site.response.split())
            padding = " ".join([_PADDING] * (missing // len(_PADDING.split()) + 1))
            told = f"goes on for more than {check.maximum} words"
            yield only(site.answering(MutantKind.WRONG_FORMAT, told, f"{site.response} {padding}"))


def _formats(check: Check) -> Iterator[Format]:
    if isinstance(check, Format):
        yield check
    elif isinstance(check, AllOf | AnyOf):
        for part in check.checks:
            yield from _formats(part)


def _plain(response: str) -> str:
    lines = [line for line in passages.without_frame(response).splitlines() if line.strip()]
    bare = [re.sub(r"[|*#`{}\[\]\"]+", " ", passages.LIST_MARKER.sub("", line)) for line in lines]
    return " ".join(" ".join(bare).split())


def _difference(new: str, old: str) -> tuple[str, str]:
    """The differing words of two texts, with the word on either side."""
    new_words, old_words = new.split(), old.split()
    pairs = list(zip(new_words, old_words, strict=False))
    start = next((i for i, (a, b) in enumerate(pairs) if a != b), 0)
    back = list(zip(reversed(new_words), reversed(old_words), strict=False))
    end = next((i for i, (a, b) in enumerate(back) if a != b), 0)
    first, last = max(0, start - 1), max(0, end - 1)
    shown = (words[first : len(words) - last] for words in (new_words, old_words))
    told = [_short(" ".join(words)) for words in shown]
    return told[0], told[1]


def _short(text: str, limit: int = 60) -> str:
    words = " ".join(text.split())
    return f"'{words}'" if len(words) <= limit else f"'{words[: limit - 3].rstrip()}...'"

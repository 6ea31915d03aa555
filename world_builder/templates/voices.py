"""How different people say the same request.

A phrasing says what is wanted; a voice adds how this person opens, names herself, closes and
types. Facts in slots are never changed. Hand-written; it invents no request of its own.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_FACT = re.compile("\x01(.*?)\x02", re.DOTALL)
_OPEN, _CLOSE = "\x01", "\x02"
_ENDS = tuple(".,:;!?-)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks."""

    name: str
    role: str
    """As the person would put it: `returns desk`, `billing`."""
    seed: str
    """One person keeps one voice: her id."""

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A manner of writing."""

    name: str
    openings: tuple[str, ...]
    identities: tuple[str, ...]
    """How the writer says who she is; `{name}`, `{first}`, `{role}`."""
    is_signed: bool
    """Whether the identity stands at the end."""
    closings: tuple[str, ...]
    joint: str = " "
    """What stands between the parts."""
    typing: Callable[[str, random.Random], str] = lambda text, _: text
    detail_share: float = 0.5
    """How often a detail is added."""


def prompt_of(
    phrasing: str,
    details: Sequence[str],
    slots: dict[str, str],
    requester: Requester | None,
    rng: random.Random,
    voices: Sequence[Voice] | None = None,
) -> str:
    """The request in the voice of whoever asks, with the slots filled in verbatim.

    `voices` None takes those of a workplace, `VOICES`.
    """
    voice = _voice_of(requester, rng, voices or VOICES)
    facts = {name: f"{_OPEN}{value}{_CLOSE}" for name, value in slots.items()}
    body = [phrasing.format_map(facts)]
    if details and rng.random() < voice.detail_share:
        body.append(rng.choice(details).format_map(facts))
    identity = _identity(voice, requester, rng)
    parts = [rng.choice(voice.openings), "" if voice.is_signed else identity, *body]
    parts += [rng.choice(voice.closings), identity if voice.is_signed else ""]
    text = voice.joint.join(_ended([part for part in parts if part], voice))
    return _restored(_typed(text, voice, rng))


def _ended(parts: list[str], voice: Voice) -> list[str]:
    """The parts as sentences where they share a line, so that none runs into the next."""
    if "\n" in voice.joint:
        return parts
    *before, last = parts
    return [part if part.rstrip(_CLOSE)[-1:] in _ENDS else f"{part}." for part in before] + [last]


def _voice_of(requester: Requester | None, rng: random.Random, voices: Sequence[Voice]) -> Voice:
    """A person's own voice; anybody's for a request without a name."""
    return (random.Random(f"voice/{requester.seed}") if requester else rng).choice(voices)


def _identity(voice: Voice, requester: Requester | None, rng: random.Random) -> str:
    if requester is None:
        return ""
    name, first = (f"{_OPEN}{part}{_CLOSE}" for part in (requester.name, requester.first_name))
    form = rng.choice(voice.identities)
    return form.format(name=name, first=first, role=requester.role)


def _typed(text: str, voice: Voice, rng: random.Random) -> str:
    """The text as the voice types it, facts untouched."""
    parts = re.split(f"({_OPEN}.*?{_CLOSE})", text, flags=re.DOTALL)
    return "".join(p if p.startswith(_OPEN) else voice.typing(p, rng) for p in parts)


def _restored(text: str) -> str:
    return re.sub(r"[ \t]+\n", "\n", _FACT.sub(r"\1", text)).strip()


def _lower(text: str, rng: random.Random) -> str:
    return re.sub(r"\bi\b", "i", text.lower())


def _hasty(text: str, rng: random.Random) -> str:
    """Small letters, abbreviations, now and then two letters in the wrong order."""
    for long, short in _SHORT_FORMS:
        text = re.sub(rf"\b{long}\b", short, text, flags=re.IGNORECASE)
    return _mistyped(text.lower(), rng, share=0.03)


def _thumbed(text: str, rng: random.Random) -> str:
    """A phone's keyboard: capitals kept, a letter lost here and there, few commas."""
    return _mistyped(text.replace(";", " -"), rng, share=0.02, drops=True)


def _plain_spoken(text: str, rng: random.Random) -> str:
    """No contractions."""
    for short, long in _FULL_FORMS:
        text = re.sub(rf"\b{short}\b", long, text)
    return text


def _excited(text: str, rng: random.Random) -> str:
    return re.sub(r"\.(?=\s|$)", lambda _: rng.choice((".", ".", "!")), text)


def _mistyped(text: str, rng: random.Random, *, share: float, drops: bool = False) -> str:
    def slip(match: re.Match[str]) -> str:
        word = match[0]
        if rng.random() >= share:
            return word
        i = rng.randrange(1, len(word) - 2)
        if drops:
            return word[:i] + word[i + 1 :]
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]

    return re.sub(r"\b[a-zA-Z]{5,}\b", slip, text)


_SHORT_FORMS = (
    ("please", "pls"),
    ("you", "u"),
    ("your", "ur"),
    ("because", "bc"),
    ("thanks", "thx"),
    ("tomorrow", "tmrw"),
    ("customer", "cust"),
    ("and", "&"),
    ("with", "w/"),
)
_FULL_FORMS = (
    ("I'm", "I am"),
    ("I've", "I have"),
    ("it's", "it is"),
    ("don't", "do not"),
    ("doesn't", "does not"),
    ("can't", "cannot"),
    ("he's", "he is"),
    ("she's", "she is"),
    ("there's", "there is"),
    ("what's", "what is"),
)

VOICES: tuple[Voice, ...] = (
    Voice(
        name="colleague",
        openings=("Hi,", "Hey there,", "Hello,", "Hi there!", "Quick favour:", "", ""),
        identities=(
            "it's {name}, {role}.",
            "{first} here ({name}, {role}).",
            "{name} from {role}.",
        ),
        is_signed=False,
        closings=("Thanks!", "Thank you.", "", "Cheers.", "Much appreciated.", "Thanks a bunch!"),
    ),
    Voice(
        name="formal",
        openings=("Good afternoon,", "Good day,", "Dear colleague,", "Hello,", "To whom it falls:"),
        identities=("Regards,\n{name}\n{role}", "Kind regards, {name} ({role})", "{name}, {role}"),
        is_signed=True,
        closings=(
            "Your help is appreciated.",
            "Thank you in advance.",
            "I would be grateful for an answer today.",
            "With thanks for your time.",
            "Please let me have it in writing.",
            "",
        ),
        joint="\n\n",
        typing=_plain_spoken,
        detail_share=0.7,
    ),
    Voice(
        name="hasty",
        openings=("", "", "hey", "quick one:", "yo", "got a sec?"),
        identities=("- {name}, {role}", "{name} / {role}", "({name}, {role})"),
        is_signed=True,
        closings=("", "asap if you can", "need it before my next call", "thanks", "cheers", "tia"),
        typing=_hasty,
        detail_share=0.2,
    ),
    Voice(
        name="thumbs",
        openings=(
            "",
            "",
            "On my phone so short:",
            "Sorry, typing on the bus.",
            "Hi",
            "From the car park, so brief.",
            "One thumb only today.",
        ),
        identities=("This is {name} ({role}).", "{name} btw, {role}.", "{first} = {name}, {role}."),
        is_signed=True,
        closings=(
            "",
            "Ta.",
            "Thx",
            "Back at my desk in 20.",
            "Will read it at lunch.",
            "Sent in a hurry.",
        ),
        typing=_thumbed,
        detail_share=0.3,
    ),
    Voice(
        name="chatty",
        openings=(
            "Hope your Monday is kinder than mine.",
            "Me again, sorry!",
            "Happy Monday, coffee machine is broken again.",
            "Okay so, one more from the pile.",
            "You'll never guess: another one for you.",
            "So, this landed on my desk just now.",
            "Right, next on my list.",
            "It's me with a question, surprise.",
        ),
        identities=(
            "{first} from {role} (that's {name}).",
            "It's {name}, {role}.",
            "{name}, {role}, as ever.",
        ),
        is_signed=False,
        closings=(
            "You're the best, honestly.",
            "No rush, well, a little rush.",
            "Tell me if I forgot something!",
            "Okay, off to the next fire.",
            "There is cake in the big room, by the way.",
            "I owe you a coffee.",
            "Right, back to the phones.",
        ),
        typing=_excited,
        detail_share=0.9,
    ),
    Voice(
        name="terse",
        openings=("",),
        identities=("{name}, {role}.", "For {name}, {role}.", "{role}: {name}."),
        is_signed=False,
        closings=("", "", "", "Today.", "Facts only."),
        detail_share=0.1,
    ),
    Voice(
        name="second-language",
        openings=(
            "Hello, I have one question.",
            "Good morning dear team,",
            "Hello friend,",
            "Excuse me please,",
            "Dear team, I need a small help.",
        ),
        identities=(
            "I am {name} from {role}.",
            "My name is {name}, I work in {role}.",
            "Here writes {name}, {role}.",
        ),
        is_signed=False,
        closings=(
            "Many thanks for the help.",
            "I wait for your answer.",
            "Sorry for my English if it is not clear.",
            "Thank you and good work.",
            "It would be very kind.",
            "",
        ),
        typing=_plain_spoken,
        detail_share=0.5,
    ),
    Voice(
        name="lower-case",
        openings=("hi", "hello!", "", "ok next one.", "hiya", "so,"),
        identities=("{name} here, {role}.", "this is {name} ({role}).", "{name}, {role} -"),
        is_signed=False,
        closings=("ty", "", "lmk", "thanks a lot", "no hurry", "that's all"),
        typing=_lower,
        detail_share=0.4,
    ),
    Voice(
        name="lead",
        openings=(
            "Team,",
            "Following up from stand-up.",
            "Please take this one.",
            "For today's list:",
            "This came up in my round.",
            "",
        ),
        identities=("{name}, {role}", "- {name} ({role})", "{name} for {role}"),
        is_signed=True,
        closings=(
            "I will check the result at five.",
            "Please be exact, this goes into my report.",
            "",
            "Keep it short, I read on my phone.",
            "Thanks, all.",
            "No detours, please.",
        ),
        joint="\n",
        detail_share=0.5,
    ),
    Voice(
        name="careful",
        openings=(
            "Hello, before I answer the customer I want to be sure.",
            "Hi, double-checking.",
            "Hello,",
            "I have looked twice and am still not sure.",
            "Could you verify something for me?",
        ),
        identities=("Signed {name}, {role}.", "{name} ({role})", "With thanks, {name}, {role}"),
        is_signed=True,
        closings=(
            "I would rather ask once too often.",
            "Please don't guess.",
            "Thanks for checking.",
            "Better safe than sorry.",
            "",
        ),
        detail_share=0.7,
    ),
    Voice(
        name="list-maker",
        openings=("One item:", "To do, please:", "Next on the list:", ""),
        identities=("Asked by {name}, {role}.", "From: {name}, {role}.", "{name} ({role})."),
        is_signed=True,
        closings=("", "Done means answered in full.", "Tick it off when it is out.", "Thank you."),
        joint="\n",
        detail_share=0.4,
    ),
    Voice(
        name="warm",
        openings=(
            "Hello dear,",
            "Hi, hope you're well.",
            "Good to have you on the desk today.",
            "Hello hello,",
        ),
        identities=(
            "{first} again, the one from {role} ({name}).",
            "This is {name} from {role}.",
            "It's {name}, {role}, with a wish.",
        ),
        is_signed=False,
        closings=(
            "You're a treasure.",
            "Take the time that it takes.",
            "Bless you.",
            "",
            "Have a calm afternoon.",
        ),
        detail_share=0.8,
    ),
)

"""How people of the clinic and its patients write.

The manners of typing are those of any workplace; what people say around a request is the clinic's.
"""

from dataclasses import replace

from world_builder.templates import VOICES, Voice

_MANNERS = {voice.name: voice for voice in VOICES}


def _voice(
    manner: str,
    name: str,
    openings: tuple[str, ...],
    closings: tuple[str, ...],
    identities: tuple[str, ...] = (),
) -> Voice:
    """A voice that types like one of the shared voices; no identities keeps theirs."""
    known = _MANNERS[manner]
    return replace(
        known,
        name=name,
        openings=openings,
        closings=closings,
        identities=identities or known.identities,
    )


STAFF: tuple[Voice, ...] = (
    _voice(
        "colleague",
        "next-chair",
        ("Hi,", "Hello,", "Morning,", ""),
        ("Thanks!", "Thank you.", "", "Cheers."),
        ("it's {name}, {role}.", "{first} here, {role} ({name}).", "{name}, {role}."),
    ),
    _voice(
        "formal",
        "letterhead",
        ("Good morning,", "Dear colleague,", "Good day,"),
        ("Thank you in advance.", "", "I would be grateful for an answer before noon."),
        ("Regards,\n{name}\n{role}", "Kind regards, {name} ({role})", "{name}, {role}"),
    ),
    _voice(
        "hasty",
        "between-calls",
        ("", "", "quick one:", "hey"),
        ("", "phone is ringing again, thanks", "thx", "asap"),
        ("- {name}, {role}", "{name} / {role}", "({name}, {role})"),
    ),
    _voice(
        "thumbs",
        "corridor",
        ("", "From my phone, in the corridor:", "Hi -", "Short, on my way to a room:"),
        ("", "Ta.", "Thx", "Back in ten."),
        ("{name} ({role}).", "{name}, {role}.", "{first} = {name}, {role}."),
    ),
    _voice(
        "chatty",
        "coffee",
        (
            "Friday at last, and of course the printer is on strike.",
            "Me again, I know, I know.",
            "Okay, next one from my pile of yellow notes.",
            "You would not believe this morning.",
        ),
        (
            "You are a gem.",
            "No hurry. Well, some hurry.",
            "Shout if I forgot anything!",
            "Right, back to the queue.",
        ),
        ("{first} from over there ({name}, {role}).", "It's {name}, {role}.", "{name}, {role}."),
    ),
    _voice(
        "terse",
        "post-it",
        ("",),
        ("", "", "Today, please."),
        ("{name}, {role}.", "{role}: {name}."),
    ),
    _voice(
        "second-language",
        "new-here",
        ("Good morning dear colleague,", "Hello dear colleague,", "Hello,"),
        ("Many thanks for help.", "I wait for your answer.", ""),
        ("I am {name}, {role}.", "My name is {name}, {role}.", "Here is {name}, {role}."),
    ),
    _voice(
        "careful",
        "double-check",
        ("Hello, just to be on the safe side.", "Double-checking.", "Hello,"),
        ("Better asked twice.", "Please don't guess.", "Thanks for looking.", ""),
        ("Signed {name}, {role}.", "{name} ({role})", "With thanks, {name}, {role}"),
    ),
)
"""For requests whose writer says who she is."""

PATIENTS: tuple[Voice, ...] = (
    _voice(
        "colleague", "friendly", ("Hi,", "Hello,", "Good morning,", ""), ("Thanks!", "", "Bye.")
    ),
    _voice(
        "formal",
        "old-school",
        ("Dear Fernhill team,", "Good morning,", "Good day,"),
        ("Kind regards", "Many thanks", ""),
    ),
    _voice("hasty", "rushed", ("", "hey", "hi"), ("", "thx", "pls hurry, on my break")),
    _voice("thumbs", "on-the-bus", ("", "Hi,", "Sorry, typing on the bus."), ("", "Ta.", "Thx")),
    _voice(
        "chatty",
        "talker",
        (
            "Hello there, it's a lovely morning, isn't it.",
            "Oh good, somebody answers.",
            "Hi! I hope I'm right here.",
        ),
        ("You are very kind.", "My neighbour says hello too!", "Sorry to be a bother."),
    ),
    _voice(
        "second-language",
        "newcomer",
        ("Hello, good morning.", "Good morning, I have a question please.", ""),
        ("Thank you very much for help.", "Sorry for my English.", ""),
    ),
    _voice("lower-case", "small", ("hi", "hello", ""), ("ty", "", "thank you")),
    _voice("terse", "clipped", ("",), ("", "Thank you.")),
)
"""For requests of patients, whose phrasings say who they are."""

"""What customers write and what staff answers, by hand, for every kind of ticket.

Slots: `{product}`, `{order}`, `{first}` (customer), `{carrier}`, `{since}` (day of the last scan).
How the tickets end stands in `ending_texts`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketText:
    """One way that a ticket of a kind begins and goes on."""

    category: str
    subject: str
    opening: str
    answer: str
    thanks: str
    endings: tuple[str, ...]
    """Ways in which it can end, keys of `ending_texts.ENDINGS`."""
    fits: tuple[str, ...]
    """Categories of products that it can be about; empty: all."""
    is_safety: bool

    @property
    def asks(self) -> bool:
        """Whether the answer asks the customer for something."""
        return any(mark in self.answer for mark in ("?", "Please", "Tell me", "send me"))


def _text(
    category: str,
    subject: str,
    opening: str,
    answer: str,
    thanks: str = "",
    *,
    endings: tuple[str, ...] = ("explained", "silent"),
    fits: tuple[str, ...] = (),
    is_safety: bool = False,
) -> TicketText:
    return TicketText(
        category=category,
        subject=subject,
        opening=opening,
        answer=answer,
        thanks=thanks,
        endings=endings,
        fits=fits,
        is_safety=is_safety,
    )


_WITH_POWER = ("gpu", "motherboard", "psu", "monitor")

RETURN_UNOPENED = _text(
    "return",
    "Sending back {product}",
    "Hello, I'd like to return the {product} from {order}. It turned out I didn't need it "
    "after all. What do I do?",
    "Hi {first}, thanks for writing. Tell me whether the box was opened and I'll set it up.",
    "Not opened, still in the shrink wrap.",
    endings=("kept", "silent"),
)
RETURN_OPENED = _text(
    "return",
    "return {order}",
    "hi so the {product} doesnt do what i hoped. can it come back? box is open but all there",
    "Hello {first}, let me check the dates of your order and come back to you.",
    endings=("explained", "kept", "silent"),
)
RETURN_WRONG = _text(
    "return",
    "Wrong thing in the parcel",
    "I ordered one thing and got another: the label says {product} but that is not what is in "
    "the bag. Order {order}.",
    "Sorry about that, {first}. Please send a photo of the label and of the part.",
    "Photos attached. Took them on the kitchen table, don't mind the crumbs.",
)
RETURN_UNTOUCHED = _text(
    "return",
    "Change of plan",
    "My son built his computer with another part in the meantime, so your {product} ({order}) "
    "is lying here untouched. May I send it back and get the money?",
    "Of course we'll look at it, {first}. One moment, I am checking the delivery date.",
)
MONEY_WHERE = _text(
    "refund",
    "Money for {order}?",
    "You confirmed my return of the {product}, but nothing has arrived on my account. How long "
    "does this take?",
    "Hello {first}, refunds show up a few business days after we process them. I am looking at "
    "yours now.",
    "OK, I will wait a few more days then.",
    endings=("arrived",),
)
REFUND_DAMAGED = _text(
    "refund",
    "{product} broken on arrival",
    "Opened the parcel from {order} and the {product} has a dent the size of my thumb. The "
    "carton was crushed on one side. I want my money back.",
    "That must have been a bad journey, {first}. Please keep the carton, the carrier may ask.",
)
REFUND_LATE = _text(
    "refund",
    "Paid for fast shipping, got slow shipping",
    "I paid extra so that {order} would be here on time. It wasn't. I would like the shipping "
    "back, please, not a voucher.",
    "I understand, {first}. I'll compare the promised day with the scan of {carrier}.",
    "Thanks. It is about the principle.",
)
REFUND_DEAD = _text(
    "refund",
    "does not work",
    "The {product} from {order} is dead. No lights, nothing. Tried it in two machines.",
    "Thanks for testing it twice, {first}, that helps. When did it stop, or did it never start?",
    "Never started.",
    endings=("outlet", "silent"),
    fits=(*_WITH_POWER, "memory", "storage"),
)
REFUND_FAULTY = _text(
    "refund",
    "Faulty {product}",
    "I followed the manual to the letter, but the {product} from {order} does not work as it "
    "should. I'd like a refund.",
    "Sorry to hear that, {first}. Could you describe step by step what happens?",
    endings=("manual", "silent"),
    fits=("cpu", "case", "cooler", "peripheral"),
)
DEFECTS = (REFUND_DEAD, REFUND_FAULTY)
WARRANTY_LATER = _text(
    "warranty",
    "{product} failing after a while",
    "The {product} I bought from you ({order}) worked fine and now it doesn't. Is that covered?",
    "Hello {first}, let me look up how long the warranty runs for you.",
    endings=("replaced", "explained", "silent"),
)
WARRANTY_NOISE = _text(
    "warranty",
    "coil whine or something worse",
    "my {product} makes a noise like a tiny dentist. started last week. {order}. do i have to "
    "live with it",
    "Hi {first}, could you record the sound for ten seconds and say when it appears?",
    "mostly when i open the menu of a game. file attached",
    endings=("replaced", "outlet", "silent"),
    fits=("gpu", "motherboard", "psu"),
)
WARRANTY_TEA = _text(
    "warranty",
    "Spilled tea, sorry",
    "I will be honest: tea went over the {product} ({order}). It still turns on but smells. "
    "Can anything be done under warranty?",
    "Thank you for being honest, {first}. I'll check what our terms say about accidents.",
    fits=("motherboard", "monitor"),
)
WARRANTY_LENGTH = _text(
    "warranty",
    "Warranty length of {product}",
    "Before I open it up: until when is my {product} from {order} under warranty?",
    "Good that you asked first, {first}. I'll send you the date.",
    endings=("dated",),
)
PARCEL_STUCK = _text(
    "shipping",
    "Where is {order}?",
    "The tracking page has shown the same line since {since}. Is my parcel lost?",
    "Hello {first}, I am asking {carrier} for a trace.",
    endings=("tracked",),
)
PARCEL_HALF = _text(
    "shipping",
    "half of it arrived",
    "Got one parcel but the {product} is missing. Was {order} sent in two?",
    "Hi {first}, large orders can travel in two parcels. I'm checking the second one.",
    "ah ok, that would explain it",
    endings=("tracked",),
)
PARCEL_AWAY = _text(
    "shipping",
    "Delivery while I am away",
    "I leave for a week and {order} may come in that time. Can {carrier} hold it?",
    "Hello {first}, I can put a note on the order, the carrier decides in the end.",
    endings=("tracked", "silent"),
)
PARCEL_NOT_HERE = _text(
    "shipping",
    "Delivered? Not to me",
    "{carrier} says {order} was delivered. Nobody rang, nothing is on the porch, and the "
    "neighbours know nothing.",
    "That is unpleasant, {first}. Please look for a note, and I open a search meanwhile.",
    endings=("found",),
)
PARCEL_BACK = _text(
    "shipping",
    "Why does {order} go back?",
    "The tracking page says since {since} that my parcel is on its way back to you. I was home "
    "all week and nobody rang!",
    "Sorry, {first}. I am asking {carrier} what happened at the door.",
    endings=("tracked",),
)
FIT_ASKED = _text(
    "compatibility",
    "Will {product} fit?",
    "I have an older case and think about buying the {product}. How do I know whether it fits?",
    "Hi {first}, send me the name of the case and of the board, then I can tell you.",
    "Case is a Hollin Mesa Mini, board I'd have to look up.",
    fits=("gpu", "cooler"),
)
POWER_ASKED = _text(
    "compatibility",
    "upgrade question",
    "thinking about {product}, do i need a stronger power supply for that?",
    "Hello {first}, that depends on the rest of the machine. Which parts are in it?",
    fits=("cpu", "gpu"),
)
MEMORY_UNKNOWN = _text(
    "compatibility",
    "Memory not recognised",
    "My board doesn't boot with the {product} from {order}. Is the memory wrong or am I?",
    "Hello {first}, let us compare the memory type of both first.",
    endings=("explained", "exchanged", "silent"),
    fits=("memory",),
)
BUILD_NEWS = _text(
    "build",
    "How is my build coming along?",
    "You have been building my computer for some days now ({order}). Is there news?",
    "Hello {first}, I will ask the technician and write again.",
    "No hurry, I am only curious.",
    endings=("bench",),
)
BUILD_CHANGE = _text(
    "build",
    "Change a part before you start?",
    "Could the {product} in {order} be swapped for a quieter one, if nobody has started yet?",
    "Hi {first}, if it is not on the bench yet, that is possible. Let me see.",
    endings=("too_late", "silent"),
    fits=("gpu", "psu", "case", "cooler"),
)
BUILD_SCRAPES = _text(
    "build",
    "Fan scraping",
    "The machine you built ({order}) scrapes when it wakes up. Looks like a cable at the fan.",
    "Sorry, {first}! That can happen on the road. Could you send a photo of the inside?",
    endings=("reseated", "silent"),
    fits=("cooler", "case"),
)
CHARGED_TWICE = _text(
    "billing",
    "Charged twice?",
    "My bank shows two lines for {order}. Did I pay twice?",
    "Hello {first}, one of them is most likely a declined attempt that will disappear.",
    "You were right, it is gone now.",
    endings=("released",),
)
CARD_DECLINED = _text(
    "billing",
    "card was declined",
    "your page declines my card for {order} but the card is fine everywhere else",
    "Hi {first}, I can see the reason the bank gave; let me read it to you.",
    endings=("bank", "silent"),
)
INVOICE = _text(
    "billing",
    "Invoice with company name",
    "We need an invoice for {order} with our company's name on it for the tax office.",
    "Hello {first}, we can issue that. I am on it.",
    endings=("invoiced",),
)
TIER_ASKED = _text(
    "account",
    "Loyalty tier",
    "What would I have to do to reach the next loyalty tier, and what would it bring me?",
    "Hello {first}, happy to explain what each tier includes.",
    endings=("explained",),
)
MOVED = _text(
    "account",
    "New address",
    "We have moved. Please change the address on my account; open orders too if possible.",
    "Thanks, {first}. Which address should we use from now on?",
    endings=("moved", "silent"),
)
SMOKE = _text(
    "warranty",
    "Smoke from {product}",
    "There was a pop and then smoke out of the {product} ({order}). I pulled the plug. It "
    "smells burnt. Is this dangerous?",
    "Please leave it unplugged, {first}. I am passing this on right away.",
    endings=("replaced", "collected"),
    fits=("gpu", "motherboard", "psu"),
    is_safety=True,
)
MELTED = _text(
    "warranty",
    "cable melted",
    "the power plug on my {product} is melted on one side. {order}. not using it anymore!!",
    "Good that you stopped, {first}. Please do not connect it again, a colleague will call.",
    endings=("replaced", "collected"),
    fits=("gpu", "psu", "monitor"),
    is_safety=True,
)
BURN_MARK = _text(
    "warranty",
    "Burn mark on the desk",
    "The {product} from {order} got so hot that it left a brown mark on my desk.",
    "Thank you for telling us, {first}. Please unplug it and keep it for us.",
    endings=("replaced", "collected"),
    fits=("psu", "monitor"),
    is_safety=True,
)
SAFETY = (SMOKE, MELTED, BURN_MARK)
INTERNAL_NOTES = (
    "Called once, went to voicemail.",
    "Customer was calm and sounds experienced.",
    "Second contact about the same thing.",
    "Promised an answer by the end of the week.",
    "Check with the lead before answering.",
    "Please do not offer a discount here, see the thread of June.",
)

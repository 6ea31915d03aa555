"""Phrasings of the scenario `delay-email`, and what people add to them."""

PHRASINGS = (
    "Write to the customer of {order}, who finds that parcel {parcel} takes too long. Order, "
    "carrier and tracking number, status, promised day, the day that counts now (arrival, or "
    "expected by what was decided, or that no day is confirmed), next step. The shipping charge "
    "only if it is due back for the missed day, then with the sum; otherwise not a word about "
    "it. No blame on anybody.",
    "e-mail for {order} / {parcel} pls, customer complains how slow it is. usual five parts, "
    "promised day + the day it came or is expected now, don't promise what nobody confirmed "
    "(then say that there is no day yet). shipping charge back? only mention if the rules give "
    "it for the delay, with amount. don't blame the carrier",
    "An honest mail is needed about {parcel} ({order}). The customer waited, or still waits, "
    "longer than they like. Say what was promised and what holds at present, even when that is "
    "'no confirmed day'. If we owe them the shipping charge because the promised day is missed, "
    "tell them how much; if we don't, keep silent on it. All parts of a shipment mail, nobody "
    "accused.",
    "Could you draft the answer to a grumpy note about {order}? It's about the parcel {parcel}. "
    "The mail should be complete by our shipping rules and besides name the promised day next to "
    "the actual one, or the one expected today with decisions on carrier delays taken into "
    "account. No invented dates: if none is certain, that is what we write. Mention shipping "
    "money solely if due for lateness (amount!). Friendly, without finger-pointing.",
    "Delay mail: {order}, tracking {parcel}. Must have: carrier, status, promised day, new or "
    "real day, what to do next. Must not have: guesses about days, blame, internal talk, or the "
    "shipping charge, unless the charge really is due back, in which case the sum has to be in "
    "it.",
    "Please answer the buyer of {order} in writing. They expected {parcel} sooner. I'd like them "
    "to read the facts (order, carrier, number, state, first promise, day valid now) and what "
    "they can do. Where no new day stands firm, don't make one up but say so. Where the late "
    "delivery earns them their shipping charge, say how much it is. Where it doesn't, leave "
    "money out of it. And it was nobody's fault, as far as the mail goes.",
    "Text for the customer with parcel {parcel}, order {order}, please: they ask why it is so "
    "slow. Why isn't our topic; when is. Give the promised day and the day as it stands today "
    "(came on, expected on, or not known yet), carrier plus tracking number, status, next step, "
    "and the shipping charge if, and only if, it goes back for missing the day. Include the "
    "amount then.",
    "I promised the customer of {order} a written word about {parcel}, which is slower than they "
    "hoped. Put in everything that belongs into a shipment e-mail, the promised day as well as "
    "the present one. Present means delivered, or what leads have decided, or 'not confirmed' if "
    "nothing is. Shipping charge: name it with its amount when due back because of the day, else "
    "skip it. No excuses at the expense of the carrier.",
    "slow parcel, unhappy customer: {parcel} of {order}. write the mail (complete, kind, no "
    "blame, signed as support). two dates in it: promised / arrived or expected now - but only a "
    "date we have confirmed, else say we don't have one. and if they get the shipping back for "
    "it, the amount; if not don't bring it up",
    "Let's not make it worse with {order}: one e-mail about {parcel}, correct to the last "
    "detail. Which carrier, which tracking number, what status, promised for when, and now? "
    "Check whether anything was decided on the carrier's delays; if no day is sure, none is "
    "named. Then the next step. If our rules return the shipping charge for this, write the sum "
    "into the mail; if they do not, nothing about it. Nobody is to blame.",
)
DETAILS = (
    "They have been with us for years.",
    "It will go out under the support name.",
    "They did not ask for a voucher.",
    "I already said sorry on the phone.",
    "Two short paragraphs would be best.",
)

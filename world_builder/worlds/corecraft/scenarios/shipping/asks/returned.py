"""Phrasings of the scenario `returned-parcel`, and what people add to them."""

PHRASINGS = (
    "It looks as if {clue} is coming back to us. If the records say so too, add to the internal "
    "note of the order's open ticket which parcel it is and the full address it was sent to, ask "
    "the customer in a reply for the address to use now, and set the ticket to pending_customer. "
    "If it is not coming back, or no ticket is open, change nothing. Tell me parcel, its status "
    "and day of the last scan, and the ticket or what was missing.",
    "The customer says {clue} went back to sender. Please verify. True: the open ticket of that "
    "order gets an addition to its internal note (parcel + whole address it went to), a reply "
    "that asks for a new address, and the status pending_customer, all from me. False or no open "
    "ticket: leave it. I want to know which parcel, which ticket (or that there's none), status, "
    "last scan day.",
    "{clue} - returned to us? check. yes -> open ticket of the order: add parcel and complete "
    "old address to internal note (keep what is in there), reply asking cust for an address, "
    "pending_customer. no / no open ticket -> nothing. report parcel, status, last scan date, "
    "ticket id or 'no ticket'",
    "Goods-in asks me what to do about {clue}, which they expect back. Would you look whether it "
    "really is on its way back? In that case I'd like three things on the order's open ticket: "
    "the internal note extended by the parcel and the address in full, a question to the "
    "customer where it should go instead, the status pending_customer. In any other case, or "
    "where there is no open ticket, please touch nothing. Report the parcel with status and last "
    "scan day, plus the ticket.",
    "Please deal with {clue} in my name. First see from its status whether it returns to us. "
    "Only then, and only if the order has an open ticket, write there: internally, behind "
    "whatever note exists, parcel and complete delivery address; to the customer, the request "
    "for another address; and make it pending_customer. Otherwise no change at all. Answer with "
    "parcel, status, date of the latest scan and the ticket you used, or the reason why none.",
    "Does {clue} come back? I need parcel id, status and the day it was last scanned. If it "
    "does, there may be an open ticket for the order. On that one, please note the parcel and "
    "the full address it failed at (internal note, don't wipe the old text), write to the "
    "customer that we need an address, set pending_customer, and give me the ticket's number. No "
    "such ticket, or not coming back at all: tell me which, and change nothing.",
    "I was told to expect {clue} here, undelivered. Not sure. If it's true and somebody has an "
    "open ticket on the order: put parcel and entire address in the internal note after what's "
    "there, ask the customer for the right address by reply, pending_customer. If it's not true "
    "or nobody has a ticket, just let me know. Parcel, status, last scan day and ticket number "
    "in the answer please.",
    "One for the returns shelf, maybe: {clue}. Look up its status and the date of its last scan. "
    "Returning to us means that the open ticket of its order has to wait for the customer "
    "(pending_customer) with a reply asking for a valid address and with the parcel plus the "
    "address used, whole, added to its internal note. Anything else, or no open ticket, means "
    "hands off. Name parcel and ticket, or say what is lacking.",
    "What is the state of {clue}? If it was sent back, and a ticket is open on the order, then "
    "carry on for me: extend the internal note with the parcel's number and the complete address "
    "on the label, have the customer asked (reply) which address to take, status "
    "pending_customer. If it wasn't, or there's no open ticket, all stays as is. Short report: "
    "parcel, status, last scan on which day, ticket or none.",
    "Undeliverable or not? It is about {clue}. Should it be heading back to us, the order's open "
    "ticket needs an internal line (do not delete earlier ones) with parcel and full address, a "
    "message to the customer that asks where to send it, and pending_customer as status. Should "
    "there be no open ticket, or should the parcel not be heading back, change nothing and say "
    "which of the two it is. Add parcel, status, last scan's date, and the ticket's id if you "
    "wrote on it.",
)
DETAILS = (
    "I can't open the ticket system from here.",
    "It would be the third one this week.",
    "The shelf is nearly full.",
    "We pay for the second try, as always.",
    "Nobody has called the customer yet.",
)

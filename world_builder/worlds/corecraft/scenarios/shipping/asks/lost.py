"""Phrasings of the scenario `lost-parcel`, and what people add to them."""

PHRASINGS = (
    "{ticket}: does the parcel with the product of that ticket count as lost by our rules? If "
    "so, do with the ticket what the rules demand, in my name, and mention the parcel in the "
    "reason. If it does not, or if somebody has it on escalation already, change nothing. Tell "
    "me the parcel, day and town of its last scan, and who has the ticket in the end if it is "
    "escalated. I write to the customer myself.",
    "Is it lost or just slow? I mean the parcel in {ticket}, the one that holds the ticket's "
    "product. Lost by the rules means: priority and escalation as they say, from me, parcel "
    "named in the reason. Otherwise, or when it is escalated anyway, leave it alone. I'd like to "
    "hear which parcel, last scanned when and where, lost or not, and with whom the escalation "
    "lies if there is one. No message to the customer please.",
    "pls sort out {ticket}. check last scan of the parcel its product is in (which parcel, day, "
    "town). lost per our rules -> set priority + escalate as the rules say, my name, parcel id "
    "in reason, tell me who got it. not lost or already escalated -> touch nothing, tell me (and "
    "who has it). no reply to cust",
    "Please take care of {ticket} under my name. First find the shipment that carries the "
    "product of the ticket, and its latest scan. Then decide whether our rules call it lost. "
    "When they do, the ticket gets the priority and the escalation they ask for, with the parcel "
    "in the reason; when they don't, or an escalation is open, it stays as it is. I expect the "
    "parcel, the scan (date, place), your verdict, and the name of whoever the escalation is "
    "with. The customer hears from me.",
    "I inherited {ticket}, and the customer thinks the parcel is gone. Gone or not gone, by our "
    "rules and not by feeling? Look at the parcel with the ticket's product. If it is lost, act "
    "on the ticket accordingly (priority, escalation, reason that names the parcel, me as the "
    "one who escalates). If it is not lost, or was escalated before, no changes. Report parcel, "
    "verdict, date and town of the last scan, holder of the escalation if any. I'll do the "
    "writing.",
    "For {ticket} I need somebody to apply the rule about lost parcels, no more and no less: "
    "parcel of the ticket's product, last scan, lost yes or no. Yes: carry out what follows from "
    "the rule on the ticket for me and put the parcel into the reason. No, or escalated already: "
    "do not change it. Give me parcel, scan day and scan town, and the person who has the "
    "escalation where there is one. Don't answer the customer.",
    "Would you check whether we have to open a search over {ticket}? Which parcel (the one with "
    "the product), where and on what day scanned last, does that make it lost? If yes please set "
    "and escalate the ticket the way it is laid down, as me, giving the parcel in the reason, "
    "and tell me to whom it went. If no, hands off. If an escalation exists, hands off too, only "
    "say whose it is. The reply to the customer is mine.",
    "Lost-parcel check, ticket {ticket}, product's parcel only. Needed: parcel id, last scan "
    "(day + town), lost or not. Lost: priority, escalation by the rules, raised by me, parcel in "
    "the reason, and the name of whoever takes it. Not lost / escalated before: nothing changes, "
    "but say which (and who has it). Customer gets no message from you.",
    "Here is what I know: {ticket} is about a parcel, the customer worries. Here is what I don't "
    "know: which parcel has the product in question, when and in which town it was last scanned, "
    "and whether that is lost in our terms. If it is, treat the ticket as our rules say for lost "
    "parcels, in my name, with a reason that identifies the parcel, and tell me who it lies with "
    "then. If not, or if it is with somebody on escalation, keep it unchanged and tell me so. No "
    "mail to the customer.",
    "Could you go by the book with {ticket}? The parcel that contains its product: id, last scan "
    "with date and place, lost or not lost. The book's consequences for the ticket only if it is "
    "lost and nobody has it on escalation yet; escalate from my side then and name the parcel as "
    "the reason. I'd also like the name of whoever has the escalation. Leave the customer to me.",
)
DETAILS = (
    "A colleague said we wait thirty days before we do anything, which sounds long.",
    "The customer has been patient so far.",
    "I am off from four o'clock.",
    "It is not the first parcel this month.",
    "Only the ticket, please, not the order.",
)

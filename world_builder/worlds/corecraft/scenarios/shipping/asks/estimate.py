"""Phrasings of the scenario `new-estimate`, and what people add to them."""

PHRASINGS = (
    "On what day do we expect {parcel} now? {teller} says every parcel gets {extra} business "
    "days on top. Tell me order, day of shipping, promised day, the day that holds today, "
    "whether a decision moved it and whose, and whether there is a day still ahead that we may "
    "name to the customer.",
    "{teller} added {extra} business days to {parcel} just like that. Is that right? I want: its "
    "order, day shipped, day promised, day valid now, which decision by whom if any, and may I "
    "give the customer a day that hasn't passed yet.",
    "new eta for {parcel}? order id, shipped on, promised = ?, now = ? did anybody with a say "
    "decide a delay for it (who), and is there a future day i can tell the cust? {teller} goes "
    "around saying +{extra} business days for all carriers",
    "Somebody is on hold about {parcel}. Find the order, and the day it was shipped. Which day "
    "was promised to them and which day is it by now? Does a real decision stand behind any "
    "change, and who made it? Can a day that is yet to come be named to them? (According to "
    "{teller} it's {extra} business days more across the board, but I have doubts.)",
    "Please work out the present expected day of {parcel} from shipping day, promised day and "
    "what has been decided about carriers, not from hearsay such as {teller}'s {extra} extra "
    "business days. State the three days and the order, then the decision and its author, or "
    "that none concerns it. Last point: may the customer hear a day, provided that it still lies "
    "ahead?",
    "Rumour has it ({teller}) that all carriers run {extra} business days behind. For {parcel} I "
    "need the truth: order number, shipped when, promised for when, expected when, decided by "
    "whom if it was moved, and whether I may tell the customer a day, as long as it isn't over "
    "already.",
    "Check {parcel} against our carrier news. I'd like to read which order it is, then the "
    "shipping day, then the promised day, then the day we go by at present, then who decided "
    "that or that nobody did, then yes or no to naming the customer a day in the future. Leave "
    "{teller}'s theory of {extra} business days aside unless it is backed by somebody entitled.",
    "What may we say about {parcel}? I know what {teller} would say: {extra} business days more, "
    "like for everything. But what is its order, when was it shipped, what is the promised day, "
    "what is the day after all decisions that count, whose decision is it if there is one, and "
    "is it a day still to come which the customer may be told?",
    "For {parcel}, one short answer with these things in it: order; shipping day and promised "
    "day; day that counts now; decision behind it with the name of whoever took it, or none; a "
    "future day for the customer, allowed or not. {teller} wrote '{extra} business days extra "
    "for all' on the whiteboard, which is why I ask.",
    "Is the promise for {parcel} still good? If a lead or manager has changed it, say who and "
    "which day comes out; if not, say so ({teller} with the {extra} additional business days is "
    "neither). Name the order too, the day it left and the day first promised, and tell me "
    "whether I can offer the customer a day that is not in the past.",
)
DETAILS = (
    "I will call the customer back in an hour.",
    "No e-mail needed.",
    "The carrier's hotline plays music and nothing else.",
    "I have not answered them yet.",
    "It is about a birthday, I think.",
)

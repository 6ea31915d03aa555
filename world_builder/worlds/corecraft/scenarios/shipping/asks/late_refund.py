"""Phrasings of the scenario `late-shipping-refund`, and what people add to them."""

PHRASINGS = (
    "If the shipping of {order} is due back because it came late, refund the whole charge in my "
    "name to the original payment. If it is not, leave everything as it is and say why. Either "
    "way give me promised and actual day of the parcel that decides it, and the amount if it "
    "goes back.",
    "The customer of {order} asks for the shipping money on account of a late delivery. Check it "
    "by the rules. Due: book it under my name, all of it, same way it was paid. Not due, or not "
    "mine to give: hands off, and tell me the reason. I need the promised day and the day it "
    "came, and the sum in case there is one.",
    "{order}: late delivery -> shipping back? do the refund if our rules say so (full shipping, "
    "orig. payment, approved by me), otherwise change nothing + reason. tell me promised day, "
    "day it arrived, amount",
    "Would you settle the lateness claim on {order} for me? That means: see when it was promised "
    "and when it got there, and then either approve the refund of the complete shipping charge "
    "as me, back to where it was paid from, or don't touch a thing and explain what is against "
    "it. Name both days, and any amount.",
    "I have {order} here with 'too late, want shipping back' on it. Please decide and, where the "
    "rules and my limit let you, carry it out (I am the approver, original payment, nothing "
    "partial). Where they don't, no change at all. In your answer: promised day, real day, "
    "amount or reason.",
    "Please handle the shipping refund for {order}. Careful, only if it really is owed for "
    "lateness and I may approve it; then the full charge to the original payment. Else do "
    "nothing and name the obstacle. Report the decisive parcel's promised and delivery day and "
    "what was paid back.",
    "another late one, supposedly: {order}. pls verify against the promised day and refund the "
    "shipping charge in full if it's due - from me, to the original payment. if it isn't, or i'm "
    "not allowed to, just write me why. include both days and the sum if any",
    "Late or not, that is what {order} comes down to. When it was late in the sense of our rules "
    "and nothing stands in the way, make the refund of its shipping charge with me as approver "
    "(whole amount, original payment method). When something stands in the way, tell me what it "
    "is and make no change. Promised date, arrival date and amount belong in the answer.",
    "Don't ask me again, just do what is right with {order}: the buyer claims late arrival and "
    "wants the shipping charge. Right means refunded in full, by me, to the original payment, if "
    "the rules give it; untouched with a reason if not. Which day had we promised, which day was "
    "it, how much?",
    "Three steps for {order}: compare the promised day with the arrival; see whether shipping "
    "goes back for late delivery; if yes and within what I may approve, refund the entire charge "
    "to the original payment in my name, and if no, change nothing. Answer with the two days and "
    "with the amount, or else the reason.",
)
DETAILS = (
    "The customer was promised an answer, nothing else.",
    "It has been lying here since Friday.",
    "I did not look at the scans myself.",
    "They also praised the packing, by the way.",
    "There is no ticket for it that I know of.",
)

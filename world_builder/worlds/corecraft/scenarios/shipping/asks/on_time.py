"""Phrasings of the scenario `carrier-on-time`, and what people add to them."""

PHRASINGS = (
    "How punctual was {carrier} with what we shipped from {first} to {last}, both days included? "
    "Of the parcels that have been delivered: number, on time, late, share on time in whole "
    "percent. The latest of them with the calendar days it was late. And the expedited and "
    "overnight ones alone: how many delivered, how many of those on time.",
    "{carrier} figures for the carrier meeting please. Shipments that left between {first} and "
    "{last} inclusive, delivered ones only. How many? On time / late? Percentage on time (no "
    "decimals)? Which parcel was worst, by how many calendar days? How many went expedited or "
    "overnight, and how many of these made their promised day?",
    "need numbers: {carrier}, shipped {first} - {last} (incl. both). delivered total, on time, "
    "late, on-time % rounded. worst parcel id + calendar days late. then same for expedited + "
    "overnight together: total delivered, on time",
    "The board wants to know whether {carrier} keeps its promises. Take everything we handed "
    "over from {first} through {last} and leave out whatever has not arrived. Tell them the "
    "number of delivered parcels, how many met the promised day, how many missed it, the "
    "punctual share as a whole percentage, and the one that missed it by most, with its calendar "
    "days. Expedited and overnight parcels interest them separately: their number and how many "
    "of them were on time.",
    "Could you work out a delivery score? Carrier: {carrier}. Days of shipping: {first} until "
    "{last}, first and last counted. Delivered parcels count, others don't. I'm after five "
    "things: how many were delivered; how many on time and how many late; the on-time rate in "
    "full percent; the id of the parcel with the longest delay, and that delay in calendar days; "
    "finally how many of the delivered were expedited or overnight and how many of that group "
    "came on time.",
    "Please check the claim that {carrier} is always late. Basis: parcels shipped from {first} "
    "up to and including {last}, as far as delivered. Count them, split them into on time and "
    "late, give the share on time (whole percent), name the most delayed parcel and by how many "
    "calendar days. Do the first two also for the faster services only, that is expedited plus "
    "overnight: count and on time.",
    "What I need for the quarterly talk with {carrier} is short but must be right. Window: "
    "shipped {first} to {last}, inclusive. Among those already delivered, how many in total, on "
    "time, late, and what whole percentage on time? What's the id of the latest one and how many "
    "calendar days was it over? How do expedited and overnight do: how many of them, how many on "
    "time?",
    "A bet in the warehouse: was {carrier} better than three in four? Parcels shipped on "
    "{first}, on {last} and in between; only the delivered ones. Settle it with the counts "
    "(delivered, on time, late) and the share on time rounded to a whole percent. We also argue "
    "about which parcel was the latest and by how many calendar days, and how many expedited or "
    "overnight ones there were, and on time among them.",
    "Make me a punctuality summary of {carrier} for the shipping days {first} through {last}. It "
    "should say how many of those parcels are delivered, how many kept the promised day and how "
    "many did not, what percentage kept it (whole number), which parcel was the latest and the "
    "number of calendar days for it, and for expedited and overnight taken together the "
    "delivered and the on-time count.",
    "I have a complaint about {carrier} and want to answer with facts. From the parcels shipped "
    "in the time from {first} to {last} (including these two days), please take the delivered "
    "ones and give me: total; on time; late; on-time percentage without decimals; id and "
    "calendar days of the latest; total of expedited and overnight ones; on time among those.",
)
DETAILS = (
    "Delivered on the promised day, at whatever hour, counts as on time.",
    "I tried with a spreadsheet and got two different results.",
    "Nobody outside the house will see it.",
    "Weekends are days like any other here.",
    "No need for a list of all parcels.",
)

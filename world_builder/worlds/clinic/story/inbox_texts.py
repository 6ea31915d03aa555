"""What people write to the clinic, by hand. `inbox` fills the braces."""

CANCELLATIONS: tuple[tuple[str, str], ...] = (
    (
        "Can't make Monday",
        "Good morning, something came up at work and I can't come on {day} at {start}. Please "
        "cancel it for me, I will call for a new time when I know my shifts.",
    ),
    (
        "please cancel",
        "hi, need to cancel my {service} on {day}, {start}. sorry for the trouble",
    ),
    (
        "Cancel my appointment",
        "Dear team, my sister is visiting after all, so I would like to cancel the {service} "
        "({day}, {start}). Do I have to pay anything? Please let me know.",
    ),
    (
        "Appointment {day}",
        "Hello, this is to let you know that I won't be there on {day} at {start}. Kindly take me "
        "out of the book.",
    ),
    (
        "Have to cancel, sorry!",
        "I'm so sorry, the car broke down and the garage keeps it until Wednesday. No way to get "
        "to you on {day} for the {service} at {start}. Please cancel, and tell me what it costs.",
    ),
    (
        "Not coming",
        "Cancel {day} {start} please. Thank you.",
    ),
    (
        "Cancellation",
        "Please cancel the {service} that is booked for {day} at {start}. I am travelling.",
    ),
)
"""Subject and text, one for each cancellation of the plots."""

QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "when",
        "Lost my card",
        "Hello, I have lost the little card with my next appointment. When is it, with whom, and "
        "which room do I go to?",
    ),
    (
        "cost",
        "Price of my visit",
        "Hi there, before I come in for the {service} I'd like to know what I'll have to pay at "
        "the desk myself, and on what day that visit was again.",
    ),
    (
        "deadline",
        "Cancelling",
        "Hello. I may have to cancel my {service}. Until what day and hour can I do that "
        "without a fee, and how much is the fee after that?",
    ),
    (
        "when",
        "next appointment??",
        "hey, can someone tell me the date and time of my next visit, who i'm seeing and the room? "
        "my phone died and took the calendar with it",
    ),
    (
        "cost",
        "Co-payment",
        "Dear front desk, my {service} is coming up. How much is my own share of the bill with my "
        "plan? And please confirm the date while you are at it.",
    ),
    (
        "deadline",
        "If I can't come",
        "What's the latest I can call off my {service} for free? And what would I owe you if I was "
        "later than that? My boss can't decide on my shifts.",
    ),
    (
        "when",
        "My appointment",
        "Could you please send me day, time, room and the name of the person I see at my next "
        "appointment? Thank you so much.",
    ),
)
"""Kind, subject and text; the last comes from somebody who gives another birth date."""

REFERRALS: tuple[str, ...] = (
    "We refer {name}, born {born}, to you for {specialty}. The insurer has authorised {visits} "
    "visits, number {number}, valid from {first} until {last}.",
    "Referral: {name} (date of birth {born}). Specialty: {specialty}. Authorisation {number}, "
    "{visits} visits, usable {first} to {last}. Kindly enter it.",
    "Please find below the authorisation we got for {name}, {born}: {number}, good for {visits} "
    "visits of {specialty} between {first} and {last}.",
    "Hi Fernhill, {visits} visits of {specialty} approved for our patient {name} ({born}). Number "
    "{number}. Starts {first}, ends {last}.",
    "For your files: {number}, {specialty}, {visits} visits, {first} - {last}. Patient: {name}, "
    "date of birth {born}.",
    "{name}, born {born}, needs {specialty} at your place. Authorisation number {number}; valid "
    "{first} to {last}; {visits} visits.",
    "New referral from us. Patient {name}, date of birth {born}; {specialty}; authorised visits: "
    "{visits}; authorisation: {number}; first day {first}, last day {last}.",
)

NOISE: tuple[tuple[str, str], ...] = (
    ("Parking", "Is there parking behind the building on Saturdays?"),
    ("Umbrella", "I think I left a green umbrella in the waiting area on Tuesday. Is it with you?"),
    ("Job", "Do you take on trainees at the front desk next summer?"),
    ("Bus stop", "Which bus stops closest to the clinic? The map on your page is rather small."),
    ("Coffee machine", "The machine in the waiting area swallowed my coins twice this week."),
)

ANSWERED: tuple[tuple[str, str, str], ...] = (
    (
        "Opening hours",
        "Until what time is the desk open on Fridays?",
        "The desk is open from 08:00 to 18:00, Monday to Friday.",
    ),
    (
        "Wrong phone number",
        "You still have my old number, I get no reminders.",
        "Thank you. We have entered the new number at the desk.",
    ),
    (
        "Thank you",
        "Just wanted to say that everybody was very kind last week.",
        "That is good to read. We have passed it on.",
    ),
    (
        "Scarf",
        "Did anybody find a grey scarf?",
        "It waits for you at the front desk until the end of the month.",
    ),
    (
        "Receipt",
        "Could I have the receipt of my last visit by post?",
        "It went out with today's post.",
    ),
    (
        "Holiday",
        "Are you open on 11 November?",
        "We are closed on 11 November and open again on the 12th.",
    ),
    (
        "Lift",
        "Is the lift working again?",
        "It has been running again since Monday.",
    ),
    (
        "Reminders",
        "Do reminders come by e-mail or by text?",
        "As you like it. Tell us at the desk which you prefer.",
    ),
)
"""Subject, text and the reply given."""

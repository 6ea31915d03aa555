"""What is said in Slack, by hand: noise, jokes, questions, outdated facts, decisions."""

CHANNELS = (
    # name, purpose, teams (empty: everybody)
    ("#general", "News for everybody.", ()),
    ("#support-desk", "Questions of the support desk.", ("support", "escalations")),
    ("#returns-desk", "Returns and refunds.", ("returns", "support")),
    ("#shipping-news", "Carriers, delays, cut-off times.", ("warehouse", "support", "returns")),
    ("#stock-room", "What is in, what is out, what was counted wrong.", ("warehouse", "product")),
    ("#build-lab", "The bench: builds in work.", ("builds", "warehouse")),
    ("#billing-talk", "Payments, disputes, invoices.", ("billing", "support")),
    ("#escalations", "Hard cases.", ("escalations", "support", "returns")),
    ("#product-questions", "Ask about parts and compatibility.", ("product", "builds", "support")),
    ("#kb-changes", "What changed in the knowledge base.", ()),
    ("#random", "Cats, lunch, weather.", ()),
    ("#holiday-2024", "Last winter's sale; archived.", ()),
)

NOISE = (
    "Who took the good label printer?",
    "Lunch is in the big room, there is a vegetarian tray this time.",
    "The coffee machine says 'descale me' again. It isn't lying.",
    "Reminder: fire drill on Thursday at ten.",
    "My cat has reviewed the new mouse. Two paws up.",
    "Has anybody seen the grey cart?",
    "Parking lot is being painted, use the side entrance.",
    "Friday quiz is back, teams of four.",
    "The window on the second floor does not close, bring a jacket.",
    "Whoever left a screwdriver in the fridge: it is cold now.",
    "New headset arrived, I can finally hear the typing of everyone.",
    "I'll be ten minutes late, the train is philosophical today.",
    "Happy birthday, {first}! There is cake by the printer.",
    "Does somebody have a spare DisplayPort cable until tomorrow?",
    "The phone queue is at zero. I repeat: zero. Frame this.",
    "And it is no longer zero.",
    "Why is it always the last screw?",
    "Could we please stop naming test orders 'asdf'?",
    "Lost: one blue mug with a crack. Sentimental value.",
    "The heating is on in {month}. I have no further questions.",
    "Great job yesterday everyone, 212 tickets.",
    "A customer sent us cookies. They are on the counter. They were.",
    "Somebody's alarm has been ringing in locker 14 since eight.",
    "Is the VPN slow for anyone else?",
    "VPN is fine again, it was my dog on the cable.",
    "Shout-out to {first} for the calmest phone call I ever overheard.",
    "I found the grey cart. It was behind the other grey cart.",
    "Daily reminder to drink water.",
    "Monitor arms for the new desks come on Wednesday.",
    "Anyone up for running at lunch?",
    "The plant on desk six is a volunteer now, please water it.",
    "Team photo moved to next week because of rain.",
)
TALKS = (
    (
        (
            "Does {product} come with the long bracket?",
            "Quick one: is {product} the version with the old or the new fan?",
            "Customer asks whether {product} is loud. Any experience?",
            "Did we ever sell {product} with a cable in the box?",
            "Is there a limit on how many {product} one customer may buy?",
        ),
        (
            "I think so, but look at the box before you promise it.",
            "No idea, sorry.",
            "Ask {first}, who unpacked one last week.",
            "At least it was so in spring.",
            "Don't quote me on that.",
            "Not as far as I know.",
        ),
    ),
    (
        (
            "Can somebody look at {order}? The address looks odd to me.",
            "Where do I find the photos for {order}?",
            "Who knows the customer of {order}? They ask for 'the nice gentleman'.",
        ),
        (
            "Please put that in the ticket, not here.",
            "Looking at it now.",
            "Ask {first}, who had that one on the phone.",
            "No idea, sorry.",
        ),
    ),
    (
        ("What do we say when {carrier} shows 'exception' without a text?",),
        (
            "That somebody will call them. And then call them.",
            "Nothing until their desk has answered.",
            "Don't quote me on that, but it mostly means a wrong label.",
        ),
    ),
)
"""Questions with the answers that they get."""
HOLIDAY = (
    "Sale starts on Friday at six. Banners are up.",
    "We are out of gift wrap already.",
    "Extra shift on Saturday: who can?",
    "{first} has packed forty parcels before lunch. Respect.",
    "Phones are red, all hands please.",
    "That was it, thanks everybody. I close this channel after New Year.",
)
OUTDATED = (
    "If I remember right, returns are 14 days from the order.",
    "We always gave a $20 voucher when something came late, so just do that.",
    "Restocking is ten percent, isn't it?",
    "Assembly is $79, I had it on a sticker.",
    "Gold gets ten percent off. Or was that before?",
    "Tickets close by themselves after a week, no need to touch them.",
    "Two years of warranty on everything, that's what I tell people.",
    "For power supplies just double the card. Works every time.",
)
STOCK_DECISIONS = (
    (
        "Counted again: {product} is at {count}, not what the catalogue shows. Please go by this "
        "until the system is corrected.",
        (-3, -2, -1, 2, 4),
    ),
    (
        "{product}: the pallet was damaged, only {count} can be sold. Catalogue will follow.",
        (-3, -2, -1),
    ),
    (
        "Found a box of {product} behind the returns: we have {count} free. Sell by this number.",
        (2, 3, 4, 6),
    ),
)
"""What is said, and by how many the shelf may differ from the catalogue then."""
RESTOCK_DECISIONS = (
    "Supplier confirmed: {product} comes on {date}. You may tell customers that day.",
    "{product} slips to {date}. Do not promise anything earlier, whatever the catalogue says.",
)
CARRIER_DECISIONS = (
    "{carrier}: hub in Memphis is down after the storm. Add two business days to every {carrier} "
    "parcel that was shipped since {date}. You may tell customers so.",
    "{carrier} is catching up. From {date} on, the promised days hold again.",
)
CLOSED_WINDOW_DECISIONS = (
    "Exception for {order}: we take {product} back although the window has closed, full refund, no "
    "fee. Approved by me.",
    "No exception for {order}. The customer asked twice, the answer stays no.",
)
OPEN_WINDOW_DECISIONS = (
    "Approved: waive the restocking fee for {product} in {order}. Once, and only there.",
    "{order}: send a replacement for {product} without waiting for the old one. My call.",
)
RECALL_DECISIONS = (
    "{product}: two reports of heat at the plug. Stop selling it and escalate every report to the "
    "level safety.",
)
ARTICLE_UPDATED = "Updated '{title}'. The old version is deprecated, please use {article}."
ARTICLE_CURRENT = (
    "'{title}' ({article}) is current. If you find an older text that says something else, it does "
    "not count."
)

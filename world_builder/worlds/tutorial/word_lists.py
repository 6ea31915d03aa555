"""Hand-written building blocks: first names, and parts of surnames, places and titles.

Large on purpose: sibling worlds share few words, so that a small model must copy what it reads
rather than remember it. Nothing random here; `stock_room` draws.
"""

FIRST_NAMES: tuple[str, ...] = tuple(
    """
    Abel Ada Adil Agnes Aiko Alba Alma Amara Amos Anika Anton Anwar Arlo Asta Astrid Aurel Basil
    Beata Bela Benno Bianca Boris Bruno Cara Carlo Cecil Celia Chidi Clara Cora Cyrus Dagny
    Dalia Damir Daria Davor Delia Desta Dina Dora Edda Edgar Efua Eira Eldon Elena Elias Elif
    Elsa Emeka Emil Enzo Erin Esme Esra Ezra Fadil Farah Felix Fenna Fiona Flora Freya Gemma
    Gideon Gita Greta Gwen Hakim Hana Hanno Hazel Hedda Hector Hilda Hugo Ida Idris Ilse Imran
    Ines Ingrid Iris Isla Ivo Jana Jarek Jasper Jonas Jorge Juno Kaia Kamal Karin Katya Keiko
    Kenji Kofi Laila Lars Leda Lena Leo Liesl Linus Livia Lorna Lotte Lucan Luka Magda Maeve
    Malik Mara Marek Mateo Maud Mika Milan Mina Miriam Moira Musa Nadia Naomi Nell Nera Nico
    Nils Nina Noor Nora Odile Olaf Olga Omar Oona Orla Oskar Otto Paola Pavel Pearl Petra Pia
    Priya Quinn Rafi Ragna Rahel Ramon Rana Rasmus Remy Renzo Rhea Rocco Rosa Rufus Runa Sachi
    Salma Samir Sanna Selma Sigrid Silas Soren Stefan Stella Suki Tahir Talia Tamar Tariq Tessa
    Theo Thora Tilda Timur Tova Ulla Uma Una Ursel Vera Viggo Vito Wanda Willa Xenia Yael Yara
    Yusuf Zadie Zeno Zita Zora
    """.split()
)

TWIN_NAMES: tuple[tuple[str, str], ...] = (
    ("Marta", "Martha"),
    ("Jon", "John"),
    ("Ana", "Anna"),
    ("Erik", "Eric"),
    ("Filip", "Philip"),
    ("Katrin", "Kathrin"),
    ("Tomas", "Thomas"),
    ("Sofia", "Sophia"),
    ("Rebeka", "Rebecca"),
    ("Nikolas", "Nicholas"),
    ("Viktor", "Victor"),
    ("Teresa", "Theresa"),
)
"""First names that are easily taken for each other; neither lies within the other."""

STEMS: tuple[str, ...] = tuple(
    """
    Alder Amber Ash Barrow Birch Black Bramble Briar Brook Cinder Clay Clover Copper Cray Crow
    Dapple Dawn Deer Drift Dusk Ebb Elder Elm Ember Fallow Fen Fern Finch Flint Fox Frost Gale
    Garnet Glen Gorse Gray Hallow Harrow Hart Haven Hawk Hazel Heath Heron Holm Ivy Jasper
    Kestrel Lark Laurel Linden Loch Marl Marsh Merle Mill Mist Moor Moss Nettle North Oak Otter
    Peat Penn Pike Plover Quarry Quill Raven Reed Rook Rowan Rush Sable Sage Salt Sedge Silver
    Sparrow Stark Stone Storm Swan Tarn Teal Thistle Thorn Umber Vale Wend Wren Yarrow
    """.split()
)

SURNAME_ENDS: tuple[str, ...] = tuple(
    """
    acre bank beck bourne by cliff cote crest croft dale den field ford garth gate grove
    hurst land ley low more rick ridge son stead sted ton wick win wood worth
    """.split()
)

PLACE_ENDS: tuple[str, ...] = tuple(
    """
    bridge burgh bury castle combe cross haven head holt marsh mere minster mouth ness pool port
    reach sand shore stow tide water well wold
    """.split()
)

ADJECTIVES: tuple[str, ...] = tuple(
    """
    Amiable Ancient Apricot Austere Bashful Bitter Blazing Borrowed Brittle Broken Burnished
    Careful Cautious Celestial Clever Cobalt Crooked Crystal Curious Dappled Distant Drowsy
    Earnest Eastern Elegant Endless Faded Faithful Fearless Feathered Fleeting Forgotten Frugal
    Gallant Gentle Gilded Golden Graceful Hidden Hollow Honest Humble Idle Impatient Invisible
    Ivory Jagged Jealous Joyful Kindly Last Lavender Limping Little Lonely Lucid Luminous Mellow
    Merciful Midnight Modest Narrow Nimble Noble Obedient Opal Ordinary Patient Peculiar Plain
    Playful Polite Quiet Radiant Reluctant Restless Rusted Scarlet Second Secret Shivering
    Silent Simple Sleepless Slender Solemn Solitary Southern Spiral Stubborn Sudden Sunken
    Tangled Tender Thirsty Threadbare Timid Twilight Unfinished Unlikely Untold Vanished Velvet
    Violet Wandering Wayward Weathered Western Whispering Wicked Winding Wintry Wistful Woven
    Yielding Zealous
    """.split()
)

NOUNS: tuple[str, ...] = tuple(
    """
    Abacus Acrobat Almanac Anchor Antler Apiary Archer Armada Atlas Attic Balcony Ballad Banquet
    Barometer Basilisk Beacon Bellows Blizzard Bonfire Cabinet Calendar Canary Candle Caravan
    Cartographer Cathedral Chimney Cipher Clockmaker Coachman Comet Compass Conductor Coral
    Corridor Courier Cradle Cutlass Daffodil Dialect Diary Dovecote Drummer Duchess Dynamo Easel
    Eclipse Elevator Emissary Envelope Equinox Errand Estuary Fable Falcon Ferryman Fiddle Fjord
    Foundry Fountain Furnace Galleon Gardener Gazette Glacier Goblet Granary Gramophone Hammock
    Harbour Harpist Haystack Hermit Horizon Hourglass Iceberg Inkwell Island Jester Jetty
    Journey Juniper Kettle Keyhole Kingdom Kite Labyrinth Ladder Lagoon Lantern Ledger
    Lighthouse Locket Locksmith Loom Magnet Mandolin Manuscript Marble Meridian Meteor Milliner
    Mirror Monsoon Mosaic Nebula Notebook Nursery Oasis Observatory Orchard Organist Overcoat
    Pagoda Parasol Parchment Pendulum Piano Pilgrim Planet Porcelain Postman Prairie Quartet
    Rafters Railway Ravine Riddle Sailor Satchel Scaffold Scholar Seamstress Sextant Shepherd
    Signal Sketch Skylight Sonata Spindle Staircase Starling Sundial Surgeon Tailor Tapestry
    Telegram Telescope Theatre Thimble Tinker Torrent Trapeze Trellis Tundra Typewriter Umbrella
    Valley Vellum Veranda Viaduct Vineyard Voyager Wagon Waltz Watchman Weaver Whistle Windmill
    Workshop Zeppelin
    """.split()
)

TITLE_PATTERNS: dict[str, tuple[str, ...]] = {
    "fiction": ("The {adj} {noun}", "The {noun} of {place}", "{name} and the {noun}"),
    "poetry": ("{adj} {noun}: Poems", "Songs from {place}", "{noun} and {other}"),
    "history": ("A History of {place}", "The {noun} Wars", "{place} and the {adj} Crown"),
    "cooking": ("The {noun} Kitchen", "Soups of {place}", "{name} Bakes the {adj} Loaf"),
    "science": ("The {adj} Atom", "The {noun} Equation", "Physics for the {adj} {noun}"),
    "travel": ("Walking to {place}", "{place} by {noun}", "The {adj} Road South"),
}

STREETS: tuple[str, ...] = ("Street", "Lane", "Road", "Row", "Hill", "Close", "Walk", "Mews")

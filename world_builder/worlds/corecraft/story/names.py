"""Hand-written names and places that people of the company are made of."""

FIRST_NAMES = (
    "Adaeze Adrian Aisha Albert Alejandra Amara Andre Anika Antonio Arlo Astrid Beatriz "
    "Benedict Bianca Boris Brenda Bridget Callum Camila Carmen Cedric Celeste Chidi Clara "
    "Colette Dana Darius Delphine Desmond Dmitri Dolores Edith Eleni Elijah Elsa Emeka "
    "Enrique Esther Fabian Farah Felix Fiona Francesca Frank Gareth Gianna Gideon Giselle "
    "Greta Hamza Hana Hector Helena Henrik Hollis Ibrahim Imogen Ines Isaac Ivy Jamal Janelle "
    "Jasper Joaquin Jolene Jonas Jude Kaia Karim Kavita Keiko Kenji Kofi Lars Latoya Leila "
    "Lionel Lorenzo Lucia Magnus Malik Marcela Marguerite Mateo Maya Mei Milo Miriam Mohan "
    "Nadia Naomi Nate Nia Nikolai Noor Odette Olamide Oscar Paloma Percy Petra Priya Quentin "
    "Rafael Ramona Ravi Reina Rhys Rosalind Ruben Sabine Salma Samir Sasha Selene Seth Simone "
    "Soren Stella Sunil Tamara Tariq Tessa Theo Tomas Ursula Valentin Vera Victor Wanda "
    "Wesley Xiomara Yara Yusuf Zadie Zane Zora"
).split()
LAST_NAMES = (
    "Abara Achterberg Adeyemi Aldous Alvarado Anselm Arroyo Ashworth Baptiste Barlow Becerra "
    "Bellweather Birch Blomqvist Bonham Brannigan Burkhart Calloway Carrasco Castellan "
    "Chaudhry Cloverdale Corrigan Dalgaard Dangerfield Delacroix Devereux Dunmore Eastlake "
    "Eberhardt Ekström Escarra Fairbanks Farouk Fennimore Ferreira Fitzhugh Galloway Garrow "
    "Ghosh Goldfinch Grimaldi Hadley Haldane Hargrove Hathaway Holloway Huang Ibarra "
    "Ingersoll Iwasaki Jablonski Jefferies Kaminski Keating Kessler Khoury Kowalczyk "
    "Kristensen Lachance Langstrom Larkin Lindqvist Lockhart Macready Mahoney Marchetti "
    "Marlowe Mbeki McAllen Mendiola Merriweather Montrose Mukherjee Nakagawa Nightingale "
    "Novak Obuya Okonkwo Oldfield Ortega Osterman Pemberton Penhale Petrov Pickering Quigley "
    "Quispe Radcliffe Ramaswamy Redfern Reinholt Rosario Rutherford Salcedo Sandoval "
    "Schreiber Seabrook Sepulveda Shirazi Sinclair Solberg Stapleton Sutherland Takahashi "
    "Tennant Thackeray Thibodeaux Toussaint Treadwell Underhill Valdez Vandermeer Vasquez "
    "Villanueva Wadsworth Wakefield Weatherby Whitlock Winterbourne Yamazaki Yarborough "
    "Zapata Zhou"
).split()
STREETS = (
    "Alder Street",
    "Bay Ridge Avenue",
    "Birchwood Lane",
    "Canal Street",
    "Cedar Hollow Road",
    "Chestnut Court",
    "Copperfield Drive",
    "Dogwood Terrace",
    "Eastgate Boulevard",
    "Ferry Landing",
    "Foundry Row",
    "Garnet Way",
    "Harbor Street",
    "Hickory Bend",
    "Juniper Place",
    "Kingfisher Road",
    "Lakeview Drive",
    "Lantern Hill",
    "Maple Crossing",
    "Meridian Avenue",
    "Mill Pond Road",
    "North Quarry Road",
    "Old Depot Lane",
    "Orchard View",
    "Pinecrest Circle",
    "Prairie Rose Way",
    "Quail Run",
    "Ridgeline Parkway",
    "Sagebrush Trail",
    "Sparrow Street",
    "Stonebridge Road",
    "Sycamore Avenue",
    "Thistle Down",
    "Union Square",
    "Vineyard Street",
    "Walnut Grove",
    "Weaver Street",
    "Willow Bank",
)
CITIES = (
    ("Albany", "NY", "12207"),
    ("Ann Arbor", "MI", "48104"),
    ("Asheville", "NC", "28801"),
    ("Austin", "TX", "78702"),
    ("Bend", "OR", "97701"),
    ("Boise", "ID", "83702"),
    ("Burlington", "VT", "05401"),
    ("Charleston", "SC", "29403"),
    ("Columbus", "OH", "43215"),
    ("Denver", "CO", "80205"),
    ("Des Moines", "IA", "50309"),
    ("Duluth", "MN", "55802"),
    ("Eugene", "OR", "97401"),
    ("Fort Collins", "CO", "80524"),
    ("Hartford", "CT", "06103"),
    ("Ithaca", "NY", "14850"),
    ("Knoxville", "TN", "37902"),
    ("Lancaster", "PA", "17603"),
    ("Lincoln", "NE", "68508"),
    ("Madison", "WI", "53703"),
    ("Missoula", "MT", "59801"),
    ("New Haven", "CT", "06510"),
    ("Pittsburgh", "PA", "15222"),
    ("Portland", "ME", "04101"),
    ("Providence", "RI", "02903"),
    ("Raleigh", "NC", "27601"),
    ("Reno", "NV", "89501"),
    ("Richmond", "VA", "23220"),
    ("Rochester", "NY", "14604"),
    ("Sacramento", "CA", "95811"),
    ("Savannah", "GA", "31401"),
    ("Spokane", "WA", "99201"),
    ("St. Louis", "MO", "63103"),
    ("Syracuse", "NY", "13202"),
    ("Tacoma", "WA", "98402"),
    ("Tucson", "AZ", "85701"),
)
MAIL_HOSTS = (
    "fastpost.example",
    "inbox.example",
    "mailbird.example",
    "homenet.example",
    "letterbox.example",
)
COMPANIES = (
    "Bright Harbor Animation",
    "Cobalt Ridge Surveying",
    "Dunmore Dental Group",
    "Eastlake Public Library",
    "Ferrous Metalworks",
    "Green Lantern Brewing",
    "Hatchery Games",
    "Ironwood Architects",
    "Juniper Street Clinic",
    "Lakeside Middle School",
    "Mosaic Print Shop",
    "Northgate Credit Union",
    "Paper Crane Studio",
    "Quarry Road Engineering",
    "Redfern & Daughters Law",
    "Saltmarsh Research Station",
    "Twin Pines Veterinary",
    "Velvet Rope Events",
    "Wayfinder Logistics",
    "Yellow Door Pictures",
)
CUSTOMER_NOTES = (
    "Prefers e-mail to phone.",
    "Hard of hearing: never call, always write.",
    "Builds machines for the local school; asks for invoices with two copies.",
    "Works nights, answers after 18:00.",
    "Had a parcel stolen from the porch last year; wants a signature on delivery.",
    "Very friendly, writes long mails.",
    "Asked not to be contacted about promotions.",
    "Often orders for a brother with the same initials.",
    "Moved in July; the old address is still in some carrier systems.",
    "Collects clearance items and knows that they are final sale.",
)

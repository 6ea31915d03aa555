"""Hand-written names that people of the clinic and around it are made of. Nothing random here."""

FIRST_NAMES: tuple[str, ...] = tuple(
    """
    Abigail Adela Agatha Aldo Alistair Amalia Ambrose Anatol Ansel Arden Ariel Arturo Augusta
    Aviva Barnaby Bettina Blaise Bram Calista Caspian Cato Cecily Clement Clio Conrad Corinne
    Cosima Dashiell Delphi Demetria Dexter Dorian Edmund Effie Eleanor Elowen Emmet Enid Ephraim
    Esteban Eudora Evander Fabiola Faisal Fern Finnegan Flavia Garnet Gaspard Genevieve Gilda
    Griffin Gustav Hadley Halima Harriet Hesper Horatio Idalia Ignatius Imelda Indigo Isadora
    Ishaan Jacinta Jethro Joachim Josefa Jules Kasimir Keziah Kirsten Lavinia Leander Leopold
    Linnea Lisbeth Lucinda Ludovic Lysander Mabel Malachi Margot Marisol Maximin Melina Merritt
    Mirabel Montague Mordecai Nadine Nestor Niamh Octavia Odalys Orson Ottilie Pascal Penelope
    Peregrine Philippa Phineas Quill Rafferty Reuben Romilly Rosalba Roscoe Rowena Sabrina Sarai
    Sebastian Seraphina Shiloh Sidonie Solomon Sunniva Sylvester Tabitha Thaddeus Theodora Tobias
    Ulric Ursula Valeria Verity Vincent Violetta Wendell Wilhelmina Winifred Xavier Yolanda
    Zachary Zelda Zephyr Althea Bartholomew Clementine Desdemona Ezekiel Fenella Gwendolyn Hyacinth
    Isolde Jocasta Kester Lorcan Marguerite Nathaniel Orlando Persephone Quincy Roderick Sapphire
    Tristan Urban Vivienne Wolfgang Ximena Yorick Zinnia Amadeus Briony Crispin Drusilla
    """.split()
)

SURNAMES: tuple[str, ...] = tuple(
    """
    Abernethy Ackerley Aldergate Amberson Applegarth Ashdown Bagshaw Balfour Bancroft Barrowclough
    Beckwith Belgrave Bickerstaff Blackwood Bracegirdle Braithwaite Brindley Brockhurst Calderwood
    Carmody Cavendish Chadwick Claverley Colquhoun Coombes Cranford Culpepper Dallimore Danvers
    Darlington Delafield Dimmock Drummond Dunstable Eastwick Ellingham Elphinstone Entwhistle
    Fairweather Fanshawe Farthing Featherstone Fernsby Fotheringay Garside Gathercole Gillingham
    Glanville Goodfellow Greenhalgh Grimshaw Hallowell Hambleton Hardcastle Haversham Hazelhurst
    Heathcote Hebblethwaite Higginbottom Hollingworth Honeycutt Huxtable Inglethorpe Ironside
    Kettleborough Kilbride Kingsley Lamplugh Langstroth Lazenby Leatherby Littlewood Lovelock
    Lumley Mallory Mapplebeck Marchbanks Merrifield Micklethwait Mountjoy Musgrave Netherton
    Nightshade Nuttall Oakenfold Oglethorpe Ollerton Padgett Pargeter Peasgood Pennington Pettigrew
    Plumtree Ponsonby Quarmby Rackstraw Ravenscroft Redmayne Ribblesdale Rosewarne Rowbotham
    Saltmarsh Satterthwaite Scattergood Shackleton Silverwood Sowerby Standish Stanhope Summerscale
    Swinburne Tattersall Thistlewood Thornber Threlfall Tolliver Trevanion Twelvetrees Underhay
    Vavasour Wainscott Walmsley Wedgewood Whitcombe Widdicombe Winterbottom Wolstenholme
    Woodhouse Wrigglesworth Yardley Yelland Allardyce Birtwhistle Cattermole Dunwoody Eccleston
    Fazakerley Grimthorpe Hawksworth Illingworth Jellicoe Kirkbride Lightbody Mossop Nettleship
    Openshaw Postlethwaite Quantock Ramsbottom Sidebottom Tinsdale Umpleby Venables Warburton
    Younghusband Ashcombe Bramhall Cottingley Dewhurst Everard Foxcroft Gooderham
    """.split()
)

MAIL_HOSTS = ("postbox.example", "letterly.example", "homemail.example", "inkwell.example")
REFERRING = (
    "Brookside Family Practice",
    "Harbour Street Medical Group",
    "Old Mill Health Centre",
    "Parkview Primary Care",
    "Quayside Practice",
    "Three Oaks Surgery",
)
AUTHORISATION_LETTERS = {
    "cedar_basic": "CB",
    "cedar_plus": "CP",
    "lakeside_saver": "LS",
    "northgate_family": "NF",
    "self_pay": "SP",
}

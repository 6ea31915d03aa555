"""Tables of the catalogue: drives, supplies, cases, coolers, screens, peripherals."""

_ALL = ("AM4", "AM5", "LGA1700", "LGA1851")
_LARGE = ("ATX", "Micro-ATX", "Mini-ITX")
_SMALL = ("Micro-ATX", "Mini-ITX")

STORAGE = (
    # brand, name, interface, GB, price, warranty in months
    ("Stratum", "Dash 500 GB NVMe", "NVMe", 500, 4499, 60),
    ("Stratum", "Dash 1 TB NVMe", "NVMe", 1000, 6999, 60),
    ("Stratum", "Dash 2 TB NVMe", "NVMe", 2000, 12499, 60),
    ("Stratum", "Dash Pro 1 TB NVMe", "NVMe", 1000, 9999, 60),
    ("Stratum", "Dash Pro 2 TB NVMe", "NVMe", 2000, 17499, 60),
    ("Stratum", "Dash Pro 4 TB NVMe", "NVMe", 4000, 32999, 60),
    ("Oakvale", "Acorn 1 TB NVMe", "NVMe", 1000, 5999, 36),
    ("Oakvale", "Acorn 2 TB NVMe", "NVMe", 2000, 10499, 36),
    ("Oakvale", "Bark 500 GB SATA SSD", "SATA", 500, 3999, 36),
    ("Oakvale", "Bark 1 TB SATA SSD", "SATA", 1000, 6499, 36),
    ("Oakvale", "Bark 2 TB SATA SSD", "SATA", 2000, 11999, 36),
    ("Oakvale", "Trunk 4 TB hard disk", "SATA", 4000, 9499, 24),
    ("Oakvale", "Trunk 8 TB hard disk", "SATA", 8000, 15999, 24),
    ("Oakvale", "Trunk 12 TB hard disk", "SATA", 12000, 22999, 36),
)

PSUS = (
    # brand, name, watts, efficiency, price, warranty in months
    ("Corewell", "Basic 500", 500, "80+ Bronze", 4999, 36),
    ("Corewell", "Basic 550", 550, "80+ Bronze", 5499, 36),
    ("Corewell", "Basic 650", 650, "80+ Bronze", 6499, 60),
    ("Corewell", "Gold 650", 650, "80+ Gold", 8499, 84),
    ("Corewell", "Gold 750", 750, "80+ Gold", 9999, 84),
    ("Corewell", "Gold 850", 850, "80+ Gold", 11999, 84),
    ("Corewell", "Gold 1000", 1000, "80+ Gold", 15999, 120),
    ("Fennick", "Quiet 600", 600, "80+ Gold", 8999, 84),
    ("Fennick", "Quiet 750", 750, "80+ Platinum", 12999, 120),
    ("Fennick", "Quiet 850", 850, "80+ Platinum", 14999, 120),
    ("Fennick", "Quiet 1000", 1000, "80+ Platinum", 18999, 120),
    ("Fennick", "Quiet 1200", 1200, "80+ Platinum", 23999, 120),
    ("Fennick", "Pocket SFX 650", 650, "80+ Gold", 11999, 84),
    ("Fennick", "Pocket SFX 750", 750, "80+ Gold", 13999, 84),
)

CASES = (
    # brand, name, boards, GPU length, cooler height, radiator, price
    ("Hollin", "Barn", _LARGE, 400, 175, 360, 9999),
    ("Hollin", "Barn Glass", _LARGE, 400, 170, 360, 12999),
    ("Hollin", "Mesa", _LARGE, 360, 165, 360, 8499),
    ("Hollin", "Mesa Mini", _SMALL, 330, 160, 240, 7499),
    ("Arden", "Slate", _LARGE, 340, 160, 280, 6999),
    ("Arden", "Slate Air", _LARGE, 330, 168, 360, 7999),
    ("Arden", "Pebble", _SMALL, 310, 155, 240, 5999),
    ("Arden", "Pebble Cube", _SMALL, 290, 145, 240, 8999),
    ("Arden", "Thimble", ("Mini-ITX",), 322, 70, 240, 14999),
    ("Arden", "Thimble Tall", ("Mini-ITX",), 335, 140, 280, 16999),
    ("Quayside", "Crate", _LARGE, 315, 158, 240, 4999),
    ("Quayside", "Tower Silent", _LARGE, 380, 185, 420, 15999),
)

COOLERS = (
    # brand, name, sockets, watts, height, radiator, price
    ("Borea", "Breeze 92", _ALL, 95, 125, 0, 1999),
    ("Borea", "Breeze 120", _ALL, 150, 155, 0, 3499),
    ("Borea", "Gale 120", _ALL, 180, 158, 0, 4499),
    ("Borea", "Gale Twin", _ALL, 230, 165, 0, 7999),
    ("Borea", "Low 47", ("AM4", "AM5", "LGA1700"), 90, 47, 0, 3999),
    ("Borea", "Low 67", _ALL, 125, 67, 0, 5499),
    ("Zephyrine", "Brook 240", _ALL, 220, 52, 240, 8999),
    ("Zephyrine", "Brook 280", _ALL, 250, 52, 280, 10499),
    ("Zephyrine", "Brook 360", _ALL, 290, 52, 360, 12999),
    ("Zephyrine", "River 360", ("AM5", "LGA1700", "LGA1851"), 330, 55, 360, 17999),
    ("Zephyrine", "Creek 120", ("AM4", "LGA1700"), 140, 52, 120, 5999),
    ("Fennick", "Hush Tower", _ALL, 200, 168, 0, 8999),
)

MONITORS = (
    # brand, name, price, warranty, screen, power
    ("Clarus", "Clarus View 24 FHD", 10999, 36, '24" 1920x1080 100 Hz', 20),
    ("Clarus", "Clarus View 24 FHD 180", 14999, 36, '24" 1920x1080 180 Hz', 24),
    ("Clarus", "Clarus View 27 QHD", 19999, 36, '27" 2560x1440 100 Hz', 30),
    ("Clarus", "Clarus View 27 QHD 180", 24999, 36, '27" 2560x1440 180 Hz', 34),
    ("Clarus", "Clarus View 27 UHD", 32999, 36, '27" 3840x2160 60 Hz', 42),
    ("Clarus", "Clarus Arc 34 UWQHD", 39999, 36, '34" 3440x1440 144 Hz', 52),
    ("Viewmont", "Viewmont Studio 27 UHD", 54999, 60, '27" 3840x2160 60 Hz', 45),
    ("Viewmont", "Viewmont Studio 32 UHD", 72999, 60, '32" 3840x2160 60 Hz', 58),
    ("Viewmont", "Viewmont Rush 27 OLED", 69999, 36, '27" 2560x1440 240 Hz', 60),
    ("Viewmont", "Viewmont Rush 32 OLED", 94999, 36, '32" 3840x2160 240 Hz', 78),
)

PERIPHERALS = (
    # brand, name, price, warranty
    ("Tapwell", "Tapwell Keys 87", 7999, 24),
    ("Tapwell", "Tapwell Keys 104", 8999, 24),
    ("Tapwell", "Tapwell Keys 87 Wireless", 10999, 24),
    ("Tapwell", "Tapwell Pad", 3999, 24),
    ("Mirth", "Mirth Mouse", 2999, 24),
    ("Mirth", "Mirth Mouse Pro", 6999, 24),
    ("Mirth", "Mirth Mouse Pro Wireless", 8999, 24),
    ("Mirth", "Mirth Headset", 5999, 24),
    ("Mirth", "Mirth Headset Wireless", 9999, 24),
    ("Mirth", "Mirth Desk Mat XL", 2499, 12),
    ("Chorale", "Chorale Webcam 1080", 5999, 24),
    ("Chorale", "Chorale Webcam 4K", 12999, 24),
    ("Chorale", "Chorale Microphone USB", 8999, 24),
    ("Chorale", "Chorale Speakers 2.0", 7499, 24),
    ("Linkward", "Linkward Wi-Fi 6E Card", 3499, 24),
    ("Linkward", "Linkward 2.5G Network Card", 2999, 24),
    ("Linkward", "Linkward USB-C Hub 7", 3999, 24),
    ("Linkward", "Linkward Thermal Paste 4 g", 899, 12),
)

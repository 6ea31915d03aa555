"""How colleagues word what the longer scenarios about parcels ask."""

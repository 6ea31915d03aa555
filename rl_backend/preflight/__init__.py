"""What is looked at before a run starts, so that it fails in seconds and not after an hour.

For the studio's form and `corecraft train` alike; it changes nothing and imports no heavy package.
"""

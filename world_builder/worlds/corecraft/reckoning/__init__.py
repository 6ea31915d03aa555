"""The company's rules worked out in plain Python over its typed contents.

The declared tools say the same in CEL. Stories are made and references computed with these, and
tests hold the two against each other.
"""

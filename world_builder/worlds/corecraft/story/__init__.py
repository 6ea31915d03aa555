"""The story of the company: everything that happened, drawn by a seed from hand-written blocks."""

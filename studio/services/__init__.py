"""Use cases: one function each. Routes and commands call them; they open their own transactions."""

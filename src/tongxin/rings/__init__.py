"""同心圆 (rings): how near each customer stands to us, and why.

Evidence out of the book → a verdict with reasons → a move that is kept as a period of history.
Doors: `rules.place` (pure), `actions` (recompute, policy, invitations, overrides), `queries` (explain, counts, flows, diagram).
"""

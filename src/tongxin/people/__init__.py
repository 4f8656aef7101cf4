"""Customers over many identities, their companions, consents and tags; the closed list of deeds and the book of facts.

Everything the product knows about a person hangs on this room: `facts.py` what can be said, `ledger.py` the append-only book,
`subjects.py` what a fact points at. Doors: `actions`, `queries`, `ledger`, `subjects`, `ports`.
"""

"""Draws that anyone can check (promise P31): commit first, reveal later, recompute at home.

Doors: `actions.commit`, `actions.reveal`, `queries.document`; `rules.verify(document)` needs nothing but the document.
"""

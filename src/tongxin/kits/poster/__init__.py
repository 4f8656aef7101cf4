"""Posters and printables, drawn on the server: words set by Chinese rules, a code that a phone reads, a calm picture.

Doors: `drawing.png` and `drawing.pdf` for a poster, `printing` for what lies on the tables. Pure drawing: plain facts in,
bytes out; no Django, no clock, no network. The only thing needed from outside are the system's fonts (`fonts`).
"""

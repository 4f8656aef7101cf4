"""Segments: sets of members written down as a rule that can be read aloud, counted over the book and the till.

`language` reads and says rules, `sheet` answers them from a prepared copy in milliseconds, `preparing` makes that copy at night.
"""

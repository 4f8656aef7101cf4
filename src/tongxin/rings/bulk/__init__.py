"""Placing a whole chain from the book's Parquet copy: the same gates and the same way out, on columns. Job worker only.

`pages` keeps a page a day of what was done, `numbers` adds them up, `verdicts` is the rule on columns. No number is rounded on the
way: contribution is added in whole billionths here and in the rule, so neither the order of rows nor the way they came can change
a bit.
"""

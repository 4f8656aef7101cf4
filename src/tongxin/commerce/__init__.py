"""Commerce: what customers buy, what they pay for belonging and for events, and what the chain spends on them.

`lake.py` writes and reads orders, lines and refunds as Parquet (no Django, never imported by a web worker). Fee and voucher
are one promise; every move of money is an entry of an append-only double-entry ledger (`rules/books.py`); a voucher is spent by
one conditional UPDATE. Budgets are envelopes; partners and sponsored events stand beside what they cost.
"""

"""Commerce: what customers buy and what they pay for belonging.

`lake.py` writes and reads orders, lines and refunds as Parquet (no Django, never imported by a web worker);
`queries.py` answers from PostgreSQL; `actions.py` keeps paid-membership periods, imports and the daily summary.
"""

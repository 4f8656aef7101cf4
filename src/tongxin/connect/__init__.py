"""The outside world: every way in and out, one folder an adapter.

`files` reads and writes the canonical tables as CSV, XLSX and Parquet. Adapters know the rooms below them;
no room below knows an adapter.
"""

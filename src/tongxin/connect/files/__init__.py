"""Files: the canonical tables in and out.

`actions.py` runs an import or an export; `reading.py` opens a file safely, `mapping.py` understands its headers,
`cells.py` its values; `complete_journey.py` is a named data set in the same tables.
"""

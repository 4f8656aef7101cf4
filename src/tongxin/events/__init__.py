"""Events: 品牌活动 and 社区仪式, from publication to an offline check-in.

An occurrence is a row from the start; a registration always points at one. Seats are counted in pools and claimed by one
conditional update. `actions` are the only writes, `queries` the only reads of the faces; `formats/` holds one file a format;
scans are append-only and attendance follows from them, in whatever order they come.
"""

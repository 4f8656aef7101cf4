"""Kits: 总部中央厨房. Headquarters writes an activity once; every store can serve it.

A kit has a draft and released versions that nobody can change. A store adopts a version for an event or a series, adapts
what it may, sees its drift, takes upgrades; a recall reaches all of them. `actions` are the only writes, `queries` the only
reads of the faces. The room knows stores; events, letters and money stand above it and are named by (room, key) values.
"""

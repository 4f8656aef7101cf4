"""The audit trail: who did what to which thing, append-only, chained and signed.

A row is written in the transaction of its act with a hash of its own content; the sealer chains committed rows afterwards
and signs the head. Doors: `actions.trail`, `actions.seal`, `queries.verify`, `queries.entries`.
"""

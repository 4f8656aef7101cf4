"""体验权益指数 (EES, Experience Equity Index): a composite index per store by the OECD/JRC handbook (2008).

Doors: `versions.load` (a version is a file with a content hash), `collect.facts` (from a dataset), `compute.run`
(values with intervals, rank intervals, refusals), `chain.link` (two versions over two periods). Every number that shapes
the index stands in the version file; a released file never changes, so old values can be computed again bit by bit.
"""

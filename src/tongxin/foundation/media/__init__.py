"""Pictures that people upload: never kept as they came, always painted anew.

Re-encoded on a fresh canvas in a limited process, so no metadata, no polyglot and no bomb survives. Doors: `actions.store_image`,
`actions.remove`, `queries.picture`.
"""

"""A write that is sent twice happens once (promise P4).

The effect and its answer are kept in one transaction under the sender's key. Doors: `actions.once`, `actions.forget`.
"""

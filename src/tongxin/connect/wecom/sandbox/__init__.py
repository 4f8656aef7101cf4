"""A fake of the platform: the demo's home and the tests' counterpart. Listens on this machine only, knows nobody real.

It imitates what real bugs come from: tasks that only people confirm, callbacks twice and in the wrong order, member lists that lag,
tokens revoked early, media gone after three days, statistics that end yesterday (design: the behaviours a to l).
"""

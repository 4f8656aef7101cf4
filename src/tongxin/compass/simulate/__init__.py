"""Worlds with a known truth. Simulated data always say so: a world directory holds `truth.json`."""

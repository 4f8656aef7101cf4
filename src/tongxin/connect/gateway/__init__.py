"""Carriers of letters: the demo's screen, and a signed POST to the operator's own gateway (text messages, mail)."""

"""What a text says of us: is it pleased (`sentiment`), and is it a pain, a wish, a complaint or praise (`labels`), or is it better to ask.

Plain linear models over character pairs, fitted in seconds and frozen with version and fingerprint; no words of a person are kept.
"""

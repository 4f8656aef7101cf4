"""E-mail through the operator's own server: the carrier (`sending.py`) and the channel (`channel.py`)."""

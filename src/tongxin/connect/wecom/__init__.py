"""WeCom (企业微信): customers, groups and staff of the chain's own corp, through its official interface and nothing else.

The client (`client.py`), the encryption of callbacks (`crypto.py`), the channel and its carrier (`channel.py`, `carrying.py`), what
the corp knows and we mirror (`mirror/`), and a fake of the platform to try all of it against (`sandbox/`).
"""

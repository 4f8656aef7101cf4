"""Who can sign in, and with what: accounts without personal fields, second factor, sessions, devices, tokens.

Staff and customers point down to an account. Doors: `actions`, `queries`.
"""

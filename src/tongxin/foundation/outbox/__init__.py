"""Letters that leave the building: written in the transaction of the act, carried after its commit.

Doors: `actions.post`, `actions.hold`, `actions.release`, `actions.settle`; one relay (`tasks.drain`) hands them to the
carriers that `project/wiring.py` names.
"""

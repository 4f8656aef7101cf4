"""Outreach: what is said to members, by which way, and why something was not said.

Doors: `actions.notify`, `anchor`, `cancel` for upper rooms; message plans and the staff's tasks; `queries`. One gate
(`rules.may_message`) is asked before every send; ports for ways out and audiences stand in `ports.py`.
"""

"""主理人: the store's day. Daily health check, whom to invite today, results beside like stores.

Doors: `actions` (answer_check, publish_list, settle_concern, pick_invites, invited), `queries` (day_of, days_of, desk, concerns_for,
execution). It looks down at events, outreach, commerce and rings; nothing below knows of it.
"""

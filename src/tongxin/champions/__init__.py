"""主理人: the store's day. Daily health check, whom to invite today, results beside like stores; score, training, hand-over, execution.

Doors: `actions` (answer_check, publish_list, settle_concern, pick_invites, invited, tick_step, hand_over, read_lesson, sign_training),
`queries` (day_of, days_of, desk, board_of, score_of, steps_today, champions_for, handovers_for, concerns_for, execution, rates). It looks down at events, outreach, commerce and rings; nothing below knows of it.
"""

"""The ground floor: clock, money, refusals, accounts, access, letters, proofs.

Nothing here knows a noun of the trade. Doors: `clock`, `money`, `errors`, `access`, `personal`,
and one small app each for accounts, outbox, idempotency, audit, webhooks, media and draws.
"""

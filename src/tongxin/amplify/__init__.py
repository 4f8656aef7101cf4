"""Amplify 影响力放大: Community Stars with a licence per work, thanks for friends who were brought, ambassadors, panels and co-creation.

Nothing of a member is shown without their live yes at the moment of showing; money is whole fen in an append-only ledger; every
question a member was asked ends in an answer. `actions` are the only writes, `queries` the only reads of the faces; `rules/`
says what may be shown, what is due and what is late.
"""

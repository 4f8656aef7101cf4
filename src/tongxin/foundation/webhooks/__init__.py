"""Webhooks: what happened, told to other systems, and their word taken in return.

Out: sealed entries of the audit trail, as CloudEvents signed by Standard Webhooks, with a log and 75 hours of retries.
In: signature, age and repeats checked before anything happens. Doors: `actions`, `queries`.
"""

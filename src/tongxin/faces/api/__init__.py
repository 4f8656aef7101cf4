"""The REST door of the contract: `/api/v1`, one file per noun, the same actions and queries as the pages.

Shapes are checked here and nothing else: who may is `project/permissions.py`, what happens is the rooms' business.
"""

"""Brand, regions, stores, staff, resources, and the grants: who may do what, where, until when.

A store code nobody knows yet is kept as 待归类 instead of being refused. Doors: `actions`, `queries` (`viewer_for` above all).
"""

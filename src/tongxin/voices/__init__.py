"""Voices 声音: posts, topics, questions and answers, reactions, photos, the editorial calendar; moderation, challenges and contests.

Whoever writes is an active member of the community, checked in the transaction of the writing. What is removed keeps its evidence
out of sight; what its author takes back or an erasure takes leaves no words. `actions` are the only writes, `queries` the only
reads of the faces; `rules/judging.py` says what may stand at once, what waits for a person and what is refused.
"""

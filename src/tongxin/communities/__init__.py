"""Communities 社群: people around a job to be done, with rules, gates, roles and several containers.

Membership is periods: a person counts once however many containers they sit in. Nobody is active with an unaccepted mandatory
version of the rules. `actions` are the only writes, `queries` the only reads of the faces; `gates/` holds one file a gate.
"""

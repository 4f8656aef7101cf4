"""四个指数 of a community over 91 days: 影响力, 连接度, 参与度, 输出量, each 0–100 with an 80 % interval.

Doors: `facts.CommunityFacts` (arrays), `collect.communities` (facts from a dataset), `reference.freeze` (peers of a quarter as data),
`compute.run`. A figure is a percentile among peers as they were when the reference was frozen: nobody falls because others rose.
"""

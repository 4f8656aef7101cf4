"""商业罗盘 at work (measure): plans studies, runs them in the job worker, keeps their frozen answers.

Doors: `actions.plan_study`, `actions.run_study` (worker only), `queries.studies`, `queries.access_study`.
The engine itself is `tongxin.compass`; a web worker never loads it.
"""

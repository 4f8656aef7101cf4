"""Jobs of measure. One study at a time: two would share the memory that one was promised."""

from procrastinate.contrib.django import app

from tongxin.measure import actions


@app.task(name=actions.RUN, lock="measure", retry=2)
def run_study(study_id: int) -> str:
    """Answer one study; a job that is delivered twice finds it answered."""
    return actions.run_study(study_id=study_id).state

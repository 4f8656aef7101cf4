"""Jobs of voices: each night what is over goes, and photos that consent no longer covers go in."""

from procrastinate.contrib.django import app

from tongxin.foundation.access import system
from tongxin.voices.actions import contests, feedback, moderating, photos, tidying

NIGHT = system("voices.night")
CLOCKWORK = system("voices.clockwork")


@app.periodic(cron="40 3 * * *")
@app.task(name="voices.tidy", queueing_lock="voices.tidy", retry=3)
def tidy(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands it over by this name
    """Each night: words that were taken back, photos of children without a file, photos that nobody agrees to any more."""
    settled = photos.settle_photos(viewer=NIGHT)
    settled += photos.tidy_photos(viewer=NIGHT) + tidying.tidy_words(viewer=NIGHT)
    return settled + moderating.tidy_evidence(viewer=NIGHT)


@app.periodic(cron="*/10 * * * *")
@app.task(name="voices.clockwork", queueing_lock="voices.clockwork", retry=3)
def clockwork(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Every ten minutes: contests whose hour has come move on, and what members have said is labelled or left to a person."""
    return contests.move_contests_on(viewer=CLOCKWORK) + feedback.annotate(viewer=CLOCKWORK)

"""Jobs of events: each minute what is due, each night what is over."""

from procrastinate.contrib.django import app

from tongxin.events.actions import (
    allotments,
    bookings,
    ending,
    group_buys,
    kit_links,
    lottery,
    photo_states,
    photos,
    rituals,
    series,
    surveys,
    tidying,
    waiting,
)
from tongxin.foundation.access import system

CLOCK = system("events.clock")
NIGHT = system("events.night")


@app.periodic(cron="* * * * *")
@app.task(name="events.pass_seats_on", queueing_lock="events.pass_seats_on", retry=3)
def pass_seats_on(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands it over by this name
    """Each minute: offers that nobody answered go to the next, kept places whose time is over go to everybody."""
    return waiting.lapse(viewer=CLOCK) + allotments.release_due(viewer=CLOCK)


@app.periodic(cron="* * * * *")
@app.task(name="events.draw_lotteries", queueing_lock="events.draw_lotteries", retry=3)
def draw_lotteries(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each minute: lists whose registration has closed are published; those shown for long enough are drawn."""
    return lottery.commit_due(viewer=CLOCK) + lottery.draw_due(viewer=CLOCK)


@app.periodic(cron="*/10 * * * *")
@app.task(name="events.warm_up", queueing_lock="events.warm_up", retry=3)
def warm_up(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each ten minutes: the copy of events that have come near is planned. Answers how many events."""
    return kit_links.warm_due(viewer=CLOCK)


@app.periodic(cron="* * * * *")
@app.task(name="events.move_photos", queueing_lock="events.move_photos", retry=3)
def move_photos(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each minute: photos go in where consent no longer covers them, and out where their time has come. Answers how many."""
    return photo_states.settle_photos(viewer=CLOCK) + photo_states.move_photos_due(viewer=CLOCK)


@app.periodic(cron="*/10 * * * *")
@app.task(name="events.ask_guests", queueing_lock="events.ask_guests", retry=3)
def ask_guests(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each ten minutes: surveys of events that are over are published; those published for an hour are drawn."""
    return surveys.survey_due(viewer=CLOCK)


@app.periodic(cron="20 * * * *")
@app.task(name="events.one_place_each", queueing_lock="events.one_place_each", retry=3)
def one_place_each(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each hour: two entries that were merged into one person keep one place at an event."""
    return tidying.one_place_each(viewer=CLOCK)


@app.periodic(cron="50 18 * * *")  # ten to three in Shanghai
@app.task(name="events.close_the_day", queueing_lock="events.close_the_day", retry=3)
def close_the_day(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each night: events end and who did not come is written down; what was kept long enough goes. Answers how many events ended."""
    ended = ending.end_due(viewer=NIGHT)
    ending.mend_no_shows(viewer=NIGHT)
    tidying.tidy_participants(viewer=NIGHT)
    tidying.tidy_answers(viewer=NIGHT)
    tidying.tidy_draws(viewer=NIGHT)
    surveys.tidy_words(viewer=NIGHT)
    photo_states.settle_photos(viewer=NIGHT, everything=True)
    photos.tidy_photos(viewer=NIGHT)
    return ended


@app.periodic(cron="* * * * *")
@app.task(name="events.release_groups", queueing_lock="events.release_groups", retry=3)
def release_groups(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each minute: groups that were not complete in time give their pieces back."""
    return group_buys.release_due(viewer=CLOCK)


@app.periodic(cron="10 19 * * *")  # ten past three in Shanghai, after the day was closed
@app.task(name="events.carry_series_on", queueing_lock="events.carry_series_on", retry=3)
def carry_series_on(timestamp: int) -> int:  # noqa: ARG001 - as above
    """Each night: series are carried on, clashes that are free by now are booked, hosts get their deed. Answers how many dates came."""
    added = series.extend_all(viewer=NIGHT)
    bookings.settle(viewer=NIGHT)
    rituals.book_hosted(viewer=NIGHT)
    return added

"""Every way on which words reach customers goes past the linter of advertising words: each with a control that passes.

The ways: a release, a store's adoption, its adaptation, an upgrade, what an organiser says of an event with a kit or without one,
of a series, and their publication.
"""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from events.factories import drafted, published
from kits.kitchen import SMALL, cooked, released, taken
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions as events
from tongxin.events.actions import SeriesIn, series_edits
from tongxin.events.actions.series import extend_all, open_series, publish_series
from tongxin.events.models import Occurrence
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.kits import actions
from tongxin.kits.models import CopyException, Instance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

BAD, GOOD = "国家级的烘焙课", "手把手的烘焙课"
WORDS = {"title": {"rule": "free"}, "poster.main.title": {"rule": "free"}}


def kit_with_free_words(**more):
    return cooked(allow=SMALL["allow"] | WORDS, **more)


def poster(words):
    return [SMALL["poster"][0] | {"title": words}]


def warmup(words):
    return [SMALL["warmup"][0] | {"text": words}, *SMALL["warmup"][1:]]


def released_with(words, part):
    kit = cooked(
        **{part: {"poster": poster, "warmup": warmup}[part](words)} if part != "title" else {"title": words}
    )
    return actions.release(viewer=TESTS, kit_id=kit.public_id, revision=1)


def event_from_kit():
    version = released(kit_with_free_words())
    made = events.draft_from_kit(
        viewer=TESTS,
        store=StoreFactory(),
        version_id=version.public_id,
        starts_at=clock.now() + timedelta(days=6, hours=-2),
    )
    return made.occurrence


def told(event, **words):
    event.refresh_from_db()
    return events.change(viewer=TESTS, event_id=event.public_id, version=event.version, **words)


def a_series(**more):
    return open_series(
        viewer=TESTS,
        store=StoreFactory(),
        series=SeriesIn(
            **{
                "title": "茶会",
                "format": "tea",
                "rule": "FREQ=WEEKLY",
                "starts_on": date(2026, 3, 12),
                "start_time": time(10),
                "minutes": 60,
                "places": 8,
                **more,
            }
        ),
    )


def adapted(words, path):
    instance = taken(released(kit_with_free_words()))
    return actions.adapt(viewer=TESTS, instance_id=instance.public_id, revision=1, overrides={path: words})


def published_as(**words):
    return events.publish(viewer=TESTS, event_id=drafted(**words).public_id)


WAYS = {
    "a release with its title": lambda words: released_with(words, "title"),
    "a release with its poster": lambda words: released_with(words, "poster"),
    "a release with its warm-up copy": lambda words: released_with(words, "warmup"),
    "an adoption": lambda words: taken(released(kit_with_free_words()), own={"warmup.teaser.text": words}),
    "an adaptation of the copy": lambda words: adapted(words, "warmup.teaser.text"),
    "an adaptation of the poster": lambda words: adapted(words, "poster.main.title"),
    "an adaptation of the title": lambda words: adapted(words, "title"),
    "the title of an event with a kit": lambda words: told(event_from_kit(), title=words),
    "the theme of an event with a kit": lambda words: told(event_from_kit(), theme=words),
    "the title of an event without one": lambda words: told(published(), title=words),
    "the theme of an event without one": lambda words: told(published(), theme=words),
    "what is said of an event": lambda words: told(published(), summary=words),
    "publishing an event": lambda words: published_as(title=words),
    "publishing a theme": lambda words: published_as(theme=words),
    "publishing a series": lambda words: publish_series(
        viewer=TESTS, series_id=a_series(title=words).series.public_id
    ),
    "publishing the themes of a series": lambda words: publish_series(
        viewer=TESTS, series_id=a_series(themes=(words,)).series.public_id
    ),
    "the title of a whole series": lambda words: series_edits.change_series(
        viewer=TESTS, series_id=a_series().series.public_id, version=1, title=words
    ),
    "the themes of a whole series": lambda words: series_edits.change_series(
        viewer=TESTS, series_id=a_series().series.public_id, version=1, themes=["春天", words]
    ),
}


@pytest.mark.parametrize("way", sorted(WAYS))
def test_what_the_law_forbids_stops_here(way):
    with pytest.raises(Refused) as refused:
        WAYS[way](BAD)
    assert (refused.value.code, refused.value.data["word"]) == ("kits.copy_forbidden", "国家级")
    assert refused.value.data["clause"]


@pytest.mark.parametrize("way", sorted(WAYS))
def test_what_is_lawful_passes(way):
    assert WAYS[way](GOOD) is not None


def test_a_refused_word_changes_nothing():
    event = published(title="茶会")
    version = released(kit_with_free_words())
    instance = taken(version)
    for act in (
        lambda: told(event, title=BAD),
        lambda: actions.adapt(
            viewer=TESTS, instance_id=instance.public_id, revision=1, overrides={"title": BAD}
        ),
    ):
        with pytest.raises(Refused):
            act()
    assert Occurrence.objects.get(pk=event.pk).title == "茶会"
    assert Instance.objects.get(pk=instance.pk).overrides == {}


def test_a_recorded_exception_holds_for_its_kit_and_no_other():
    kit = kit_with_free_words()
    version = released(kit)
    actions.record_exception(viewer=TESTS, kit_id=kit.public_id, word="国家级", why="奖项原名")
    made = events.draft_from_kit(
        viewer=TESTS,
        store=StoreFactory(),
        version_id=version.public_id,
        starts_at=clock.now() + timedelta(days=6, hours=-2),
        overrides={"title": BAD},
    )
    event = events.publish(viewer=TESTS, event_id=made.occurrence.public_id)
    assert event.title == BAD
    assert told(event, theme=BAD).theme == BAD
    with pytest.raises(Refused):
        told(published(), theme=BAD)
    assert [(one.word, one.why) for one in CopyException.objects.all()] == [("国家级", "奖项原名")]


def test_an_upgrade_looks_at_the_stores_words_again():
    kit = kit_with_free_words()
    instance = taken(released(kit), own={"warmup.teaser.text": GOOD})
    new = released(kit, allow=SMALL["allow"] | WORDS, minutes=100)
    Instance.objects.filter(pk=instance.pk).update(
        overrides={"warmup.teaser.text": BAD}
    )  # older than the list
    with pytest.raises(Refused) as refused:
        actions.upgrade(viewer=TESTS, instance_id=instance.public_id, revision=1, to=new.public_id)
    assert refused.value.code == "kits.copy_forbidden"
    Instance.objects.filter(pk=instance.pk).update(overrides={"warmup.teaser.text": GOOD})
    actions.upgrade(viewer=TESTS, instance_id=instance.public_id, revision=1, to=new.public_id)
    assert Instance.objects.get(pk=instance.pk).version_id == new.pk


def test_the_job_that_lays_out_more_dates_is_not_stopped_by_a_word():
    """What was published stays published: a longer list of words must not stop a nightly job."""
    made = a_series(title=GOOD)
    publish_series(viewer=TESTS, series_id=made.series.public_id)
    type(made.series).objects.filter(pk=made.series.pk).update(title=BAD)
    with clock.held(datetime(2026, 6, 1, tzinfo=UTC)):
        assert extend_all(viewer=TESTS) == 12

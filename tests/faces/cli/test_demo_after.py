"""What the demo shows of an event that is over: photos in all four states, a review, a survey with answers."""

import pytest

from events.after_setup import After
from tongxin.events import queries
from tongxin.events.terms_after import LADDER
from tongxin.faces.cli import demo_after
from tongxin.faces.cli.demo_life import BUILDER, Neighbour
from tongxin.foundation.draw.rules import verify

pytestmark = pytest.mark.django_db


def test_one_event_of_the_demo_is_told_to_its_end(noon, settings, tmp_path):
    settings.TONGXIN_MEDIA = tmp_path
    after = After(9, families=1)
    guests = [
        (Neighbour(one.pk, one.public_id, after.store.pk, None), seat)
        for one, seat in zip(after.members, after.seats, strict=True)
    ]
    demo_after.build(after.event, guests, guests[0][0])
    shots = queries.photos_of(BUILDER, after.event.public_id)
    assert sorted((one.state for one in shots), key=LADDER.index) == list(LADDER)
    assert [one.child_visible for one in shots if one.state == "public"] == [True]
    assert queries.review_of(BUILDER, after.event.public_id).star_why
    figures = queries.nps(BUILDER, after.event.public_id)
    assert (figures.asked, figures.n) == (9, 9)
    assert figures.low < figures.score < figures.high
    assert verify(queries.survey_document(BUILDER, after.event.public_id)).ok
    assert queries.my_followup(after.viewers[1], after.event.public_id).url.startswith("https://")

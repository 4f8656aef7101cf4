"""Forgetting a person, inside the transaction of their erasure."""

from django.db.models import TextField
from django.db.models.functions import Cast

from tongxin.events.actions import photos, registering
from tongxin.events.models import (
    CalendarFeed,
    Occurrence,
    Participant,
    Registration,
    Review,
    RitualProposal,
    SurveyInvite,
)
from tongxin.events.terms import LIVE
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.people.ports import Person

ERASURE = system("events.erasure")


def erase_person(*, person: Person) -> int:
    """Give back the places they have, empty what they said, take out who came along; answers how many rows were touched."""
    mine = Registration.objects.filter(person__in=person.ids)
    coming = mine.filter(state__in=LIVE, occurrence__starts_at__gt=clock.now()).order_by("occurrence", "id")
    for public_id in list(coming.values_list("public_id", flat=True)):
        registering.cancel_registration(viewer=ERASURE, registration_id=public_id, reason="erased")
    told = mine.annotate(raw=Cast("answers", TextField())).exclude(raw="", reason="")
    touched = mine.filter(pk__in=told.values("pk")).update(answers="", reason="")
    touched += photos.forget_seen(viewer=ERASURE, persons=person.ids)
    touched += Review.objects.filter(star__in=person.ids).update(star=None, star_why="")
    asked = SurveyInvite.objects.filter(person__in=person.ids).annotate(raw=Cast("words", TextField()))
    touched += SurveyInvite.objects.filter(pk__in=asked.exclude(raw="").values("pk")).update(words="")
    touched += CalendarFeed.objects.filter(person__in=person.ids).delete()[0]
    touched += Participant.objects.filter(registration__in=mine).delete()[0]
    touched += RitualProposal.objects.filter(person__in=person.ids).delete()[0]
    touched += Occurrence.objects.filter(member_host__in=person.ids).update(member_host=None)
    return touched

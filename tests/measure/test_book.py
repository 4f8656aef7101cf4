"""The book as three tables of the engine: each live fact once, in the engine's columns."""

import pytest

from rings.chain import SYSTEM, act, join, open_chain
from tongxin.compass.tables import TABLES
from tongxin.measure.book import read_book
from tongxin.people import ledger
from tongxin.people.models import Deed
from tongxin.people.subjects import SubjectIn, note

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def people():
    store, _ = open_chain()
    made = [join(store) for _ in range(3)]
    return store, made, {person.pk: f"p{place}" for place, person in enumerate(made)}


def read(people):
    store, _, numbers = people
    return read_book(numbers, {store.pk: "S1"})


def test_taking_part_names_the_event_its_kit_and_its_store(people):
    store, (mei, *_), _ = people
    event = note(SubjectIn("events", "event:E7", "event", type="flour"))
    act(mei, "checked_in", 3, subject=event.pk, store=store.pk, community=12)
    ((person, what, code, status, _, place, kit, community),) = read(people).participation
    assert (person, what, code, status, place, kit, community) == (
        "p0", "event", "E7", "checked_in", "S1", "flour", "12",
    )  # fmt: skip


def test_an_answer_keeps_its_question_what_it_was_about_and_how_people_were_chosen(people):
    _, (mei, *_), _ = people
    survey = note(SubjectIn("import:till", "survey:nps:E7:random", "survey", type="nps"))
    act(mei, "survey_answered", 2, subject=survey.pk, value=9)
    ((person, _, kind, score, about, store, sampled),) = read(people).surveys
    assert (person, kind, score, about, store, sampled) == ("p0", "nps", 9, "E7", None, "random")


@pytest.mark.parametrize(
    ("deed", "kind", "ends"),
    [("replied", "reply", ("p0", "p1")), ("answered", "answer", ("p0", "p1")),
     ("answer_accepted", "accepted", ("p1", "p0")), ("reacted", "like", ("p0", "p1")),
     ("referral_verified", "referral", ("p0", "p1"))],
)  # fmt: skip
def test_a_tie_points_from_who_turns_to_somebody(people, deed, kind, ends):
    _, (mei, lan, _), _ = people
    act(mei, deed, 1, counterpart=lan.pk)
    ((*pair, said, _, community),) = read(people).ties
    assert (tuple(pair), said, community) == (ends, kind, None)
    assert said in TABLES["ties"].column("kind").values


def test_only_people_with_a_number_each_fact_once_and_nothing_that_was_taken_back(people):
    _, (mei, lan, wei), _ = people
    event = note(SubjectIn("events", "event:E7", "event"))
    act(mei, "checked_in", 3, 3, subject=event.pk)  # two sources tell of one check-in
    act(wei, "checked_in", 3, subject=event.pk)
    act(mei, "reacted", 1, counterpart=wei.pk)
    ledger.reverse(
        viewer=SYSTEM, deed_id=Deed.objects.get(person=wei, kind="checked_in").pk, reason="wrong_person"
    )
    store, _, numbers = people
    book = read_book({who: number for who, number in numbers.items() if who != wei.pk}, {store.pk: "S1"})
    assert [row[0] for row in book.participation] == ["p0"]
    assert book.ties == []
    assert len(read(people).participation) == 1
    assert len(read(people).ties) == 1
    assert lan.pk in numbers

"""P4: same key and body, one effect and one answer."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from foundation.racing import in_processes, in_threads
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS, Viewer, system
from tongxin.foundation.acting import Again, one_act
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.idempotency import rules, tasks
from tongxin.foundation.idempotency.actions import forget, once
from tongxin.foundation.idempotency.models import Kept
from tongxin.foundation.idempotency.terms import REFUSALS

MEI = Viewer(account=1, name="mei")
LIN = Viewer(account=2, name="lin")


def effect():
    trail(viewer=MEI, act="a.done", subject=("a", "a", 1))


def do(viewer=MEI, key="k-1", body=b"{}", answer=(201, {"id": 5}), route="POST /api/v1/vouchers", **more):
    def act():
        effect()
        return answer

    return once(viewer=viewer, route=route, key=key, body=body, act=act, **more)


def effects():
    return Entry.objects.filter(act="a.done").count()


@pytest.mark.django_db
def test_the_second_time_answers_the_same_and_does_nothing():
    answer = (201, {"id": 5, "at": datetime(2026, 3, 5, tzinfo=UTC), "name": "林小雨"})
    first, second = do(answer=answer), do(answer=(500, {"never": "run"}))
    assert first == (201, {"id": 5, "at": "2026-03-05T00:00:00Z", "name": "林小雨"}, False)
    assert second == (*first[:2], True)
    assert effects() == 1


@pytest.mark.django_db
def test_control_without_it_everything_happens_twice():
    effect()
    effect()
    assert effects() == 2


@pytest.mark.django_db
def test_another_body_is_refused_and_does_nothing():
    do()
    with pytest.raises(Refused) as refused:
        do(body=b'{"n":2}')
    assert refused.value.code == "idempotency.other_body"
    assert effects() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("other", [{"viewer": LIN}, {"route": "POST /api/v1/other"}, {"key": "k-2"},
                                   {"viewer": Viewer(account=1, name="mei", device=4)}, {"viewer": ANONYMOUS}])  # fmt: skip
def test_keys_belong_to_one_sender_and_one_route(other):
    do()
    assert do(**other)[2] is False
    assert effects() == 2


def test_whose_keys():
    assert rules.actor(MEI) == "account:1"
    assert rules.actor(Viewer(account=1, name="x", device=4)) == "device:4"
    assert rules.actor(system("import")) == "name:system:import"


@pytest.mark.parametrize("key", ["", " ", "a b", "键", "x" * 201, "a\n"])
def test_bad_keys(key):
    with pytest.raises(Refused) as refused:
        do(key=key)
    assert refused.value.code == "idempotency.bad_key"


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        (200, True),
        (201, True),
        (204, True),
        (404, True),
        (422, True),
        (409, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
@pytest.mark.django_db
def test_what_is_kept(status, kept):
    assert do(answer=(status, {"n": 1})) == (status, {"n": 1}, False)
    assert Kept.objects.exists() == kept
    assert effects() == int(kept)  # what is not kept has no effect: the repeat would double it
    assert do(answer=(status, {"n": 1}))[2] == kept


@pytest.mark.django_db
def test_a_refusal_leaves_nothing_and_may_be_tried_again():
    def refuse():
        effect()
        raise Refused("event.full", place=7)

    def first():
        return once(viewer=MEI, route="r", key="k", body=b"", act=refuse)

    with pytest.raises(Refused), transaction.atomic():
        first()
    assert (Kept.objects.count(), effects()) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "runs"), [(422, 1), (409, 2)])
def test_with_statuses_a_lasting_refusal_is_kept_and_raised_again(status, runs):
    tried = []

    def refuse():
        effect()
        tried.append(1)
        raise Refused("event.too_young", age=7)

    for _ in range(2):
        with pytest.raises(Refused) as refused:
            once(viewer=MEI, route="r", key="k", body=b"", act=refuse, status_of=lambda _: status)
        assert (refused.value.code, refused.value.data) == ("event.too_young", {"age": 7})
    assert (len(tried), effects()) == (runs, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("when", ["in the act", "right before the commit"])
def test_an_act_that_guessed_wrong_is_done_again_without_guessing_and_once(when):
    """What is kept for the end is done after the answer is kept; wrong there, answer and effect go back together."""
    guessed, kept = [], []

    def wrong():
        kept.append(Kept.objects.count())
        raise Again

    def act():
        with one_act() as guard:
            effect()
            guessed.append(guard.guess)
            if guard.guess and when == "in the act":
                raise Again
            if guard.guess:
                guard.last.append(wrong)
        return 201, {"guess": guard.guess}

    assert once(viewer=MEI, route="r", key="k", body=b"", act=act) == (201, {"guess": False}, False)
    assert once(viewer=MEI, route="r", key="k", body=b"", act=act) == (201, {"guess": False}, True)
    assert (guessed, effects(), Kept.objects.count()) == ([True, False], 1, 1)
    assert kept == ([] if when == "in the act" else [1])


@pytest.mark.django_db
def test_a_refusal_right_before_the_commit_is_kept_and_the_effect_goes_back():
    def late():
        raise Refused("event.full", place=7)

    def act():
        with one_act() as guard:
            effect()
            guard.last.append(late)
        return 201, {}

    for _ in range(2):
        with pytest.raises(Refused) as refused:
            once(viewer=MEI, route="r", key="k", body=b"", act=act, status_of=lambda _: 422)
        assert (refused.value.code, refused.value.data) == ("event.full", {"place": 7})
    assert (effects(), Kept.objects.get().status) == (0, 422)


@pytest.mark.django_db
def test_an_answer_that_was_kept_unseen_takes_ours_back():
    """Another connection's answer was committed between our look and our lock."""

    def act():
        effect()
        Kept.objects.create(
            actor="account:1", route="r", key="k", body_hash="x", status=201, answer="{}", at=clock.now()
        )
        return 201, {}

    with pytest.raises(Refused) as refused:
        once(viewer=MEI, route="r", key="k", body=b"", act=act)
    assert refused.value.code == "idempotency.in_flight"
    assert effects() == 0


@pytest.mark.django_db
def test_answers_are_kept_for_a_day_and_then_forgotten(noon):
    do()
    with clock.held(noon + timedelta(hours=24)):
        assert do()[2] is True
        assert forget() == 0
    with clock.held(noon + timedelta(hours=25, seconds=1)):
        assert do()[2] is False  # an old one in the way is replaced
        assert effects() == 2
    with clock.held(noon + timedelta(days=3)):
        assert tasks.forget(timestamp=0) == 1


@pytest.mark.django_db
def test_answers_are_sealed_at_rest():
    do(answer=(200, {"phone": "13812341234"}))
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM idempotency_kept")
        assert "13812341234" not in cursor.fetchone()[0]


def slow(n):
    def act():
        effect()
        time.sleep(0.05)
        return 201, {"n": n}

    try:
        return once(viewer=MEI, route="r", key="race", body=b"", act=act)
    except Refused as refused:
        return refused.code


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("race", [in_threads, in_processes])
def test_a_race_has_one_effect_and_every_answer_is_the_same_or_in_flight(race):
    for _ in range(3):
        Kept.objects.all().delete()
        before = effects()
        answers = race(slow, 8)
        assert effects() - before == 1
        told = [a for a in answers if a != "idempotency.in_flight"]
        assert len({str(a[:2]) for a in told}) == 1
        assert sum(not a[2] for a in told) == 1


def careless(n):
    """Control arm: look, act, write down, each by itself."""
    if not Kept.objects.filter(key="careless").exists():
        with transaction.atomic():
            effect()
        time.sleep(0.05)
        Kept.objects.create(
            actor=n, route="r", key="careless", body_hash="", status=1, answer="", at=clock.now()
        )


@pytest.mark.django_db(transaction=True)
def test_control_looking_first_and_writing_later_doubles():
    in_threads(careless, 8)
    assert effects() > 1


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_leaves_neither_effect_nor_a_hanging_key():
    import os
    import signal

    def dies(_n):
        def act():
            effect()
            os.kill(os.getpid(), signal.SIGKILL)

        once(viewer=MEI, route="r", key="k-1", body=b"{}", act=act)

    import multiprocessing

    connection.close()
    child = multiprocessing.get_context("fork").Process(target=dies, args=[0])
    child.start()
    child.join(20)
    assert child.exitcode == -signal.SIGKILL
    assert effects() == 0
    until = time.monotonic() + 10
    while True:  # the server notices a dead client in its own time
        try:
            assert once(viewer=MEI, route="r", key="k-1", body=b"{}", act=lambda: (201, {})) == (
                201,
                {},
                False,
            )
            break
        except Refused:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_each_refusal_has_a_status():
    assert {code: s.status for code, s in REFUSALS.items()} == {
        "idempotency.key_needed": 422, "idempotency.bad_key": 422,
        "idempotency.other_body": 422, "idempotency.in_flight": 409,
    }  # fmt: skip

"""Letters: nothing is lost, nothing is shown twice, and what nobody knows is called unknown."""

import os
import signal
import time
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from foundation.racing import in_processes, in_threads
from project import samples
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS, Grant, Viewer, system
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox import actions, queries, relay, rules, tasks
from tongxin.foundation.outbox.actions import erase_person, forget, hold, post, release, settle
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.outbox.ports import Outcome
from tongxin.foundation.outbox.terms import ACTS, REFUSALS, STATES_ZH, State
from tongxin.foundation.ticking import ticks

JOB = system("test")
MEI = Viewer(account=1, name="mei")


class Box:
    """A carrier that remembers, and answers what it is told."""

    def __init__(self, *answers, dedupes=False):
        self.got, self.answers, self.dedupes = [], list(answers) or [Outcome("sent", "ok")], dedupes

    def carry(self, letter):
        self.got.append(letter)
        answer = self.answers[min(len(self.got), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def write(key="k", **more):
    given = {"kind": "code", "to": "13812341234", "body": {"code": "1"}, "carrier": "box"} | more
    with transaction.atomic():
        return post(viewer=MEI, key=key, **given)


def drain(box, **more):
    return relay.drain(carriers={"box": box}, **more)


def states():
    return {letter.key: letter.state for letter in Letter.objects.all()}


@pytest.mark.django_db
def test_a_letter_is_carried_once_with_its_id():
    letter, box = write(), Box()
    assert drain(box).carried == 1
    assert drain(box).carried == 0
    assert [(p.id, p.kind, p.to, p.body, p.attempt) for p in box.got] == [
        (letter.public_id, "code", "13812341234", {"code": "1"}, 1)
    ]
    letter.refresh_from_db()
    assert (letter.state, letter.detail, letter.actor) == (State.SENT, "ok", "mei")
    assert letter.done_at is not None


@pytest.mark.django_db
def test_one_key_is_one_letter():
    first, second = write(), write(body={"code": "2"})
    assert first == second
    assert second.body == '{"code": "1"}'
    for other in ({"to": "13900000000"}, {"kind": "news"}, {"carrier": "screen"}):
        with pytest.raises(Refused) as refused:
            write(**other)
        assert refused.value.code == "outbox.other_letter"
    assert Letter.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_key_is_one_letter_in_a_race_too():
    letters = in_threads(lambda _: write().public_id, 6)
    assert len(set(letters)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_letter_goes_with_its_act():
    with pytest.raises(RuntimeError):
        post(viewer=MEI, key="k", kind="a", to="b", body={}, carrier="box")
    with transaction.atomic():
        post(viewer=MEI, key="k", kind="a", to="b", body={}, carrier="box")
        transaction.set_rollback(True)
    assert not Letter.objects.exists()


@pytest.mark.django_db
def test_address_and_text_are_sealed_at_rest():
    write()
    with connection.cursor() as cursor:
        cursor.execute('SELECT "to" || body FROM outbox_letter')
        stored = cursor.fetchone()[0]
    assert "13812341234" not in stored
    assert "code" not in stored


@pytest.mark.django_db
def test_not_before_and_not_after(noon):
    write("later", not_before=noon + timedelta(hours=1))
    write("over", expires_at=noon)
    box = Box()
    assert (drain(box).carried, states()) == (0, {"later": State.WAITING, "over": State.EXPIRED})
    with clock.held(noon + timedelta(hours=1)):
        drain(box)
    assert states()["later"] == State.SENT


@pytest.mark.django_db
def test_most_letters_at_once():
    for n in range(5):
        write(str(n))
    assert drain(Box(), batch=2, most=3).carried == 4  # whole batches
    assert drain(Box(), batch=2).carried == 1


FAILED, FINAL, UNKNOWN, SENT = (
    Outcome("failed"), Outcome("failed", final=True), Outcome("unknown"), Outcome("sent"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "attempts", "dedupes", "state", "seconds"),
    [
        (SENT, 1, False, State.SENT, None),
        (FAILED, 1, False, State.WAITING, 5),
        (FAILED, 3, False, State.WAITING, 60),
        (FAILED, rules.MOST_ATTEMPTS - 1, False, State.WAITING, 21600),
        (FAILED, rules.MOST_ATTEMPTS, False, State.FAILED, None),
        (FINAL, 1, False, State.FAILED, None),
        (FINAL, 1, True, State.FAILED, None),
        (UNKNOWN, 1, False, State.UNKNOWN, None),
        (UNKNOWN, 1, True, State.WAITING, 5),
        (UNKNOWN, rules.MOST_ATTEMPTS, True, State.UNKNOWN, None),
    ],
)
def test_what_follows_an_outcome(outcome, attempts, dedupes, state, seconds):
    noon = clock.now()
    at = None if seconds is None else noon + timedelta(seconds=seconds)
    assert rules.after(outcome, attempts=attempts, dedupes=dedupes, now=noon) == rules.Next(state, at)


@pytest.mark.parametrize(
    ("begun", "dedupes", "state"),
    [
        (False, False, State.WAITING),
        (False, True, State.WAITING),
        (True, True, State.WAITING),
        (True, False, State.UNKNOWN),
    ],
)
def test_what_becomes_of_a_dead_relays_letters(begun, dedupes, state):
    assert rules.found_stale(begun=begun, dedupes=dedupes) == state


@pytest.mark.django_db
def test_failures_are_tried_again_later_and_given_up_in_the_end(noon):
    write()
    box, at, tries = Box(FAILED), noon, 0
    while states()["k"] == State.WAITING:
        with clock.held(at):
            assert drain(box).carried == 1
            assert drain(box).carried == 0  # not before its time
            tries += 1
            at = Letter.objects.get().due_at
    assert (tries, states()["k"]) == (rules.MOST_ATTEMPTS, State.FAILED)


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [UNKNOWN, ValueError("13812341234")])
def test_an_unknown_outcome_is_a_state_and_never_sent_again(noon, answer, caplog):
    write()
    box = Box(answer)
    drain(box)
    with clock.held(noon + timedelta(days=30)):
        drain(box)
    assert (states()["k"], len(box.got)) == (State.UNKNOWN, 1)
    assert "13812341234" not in caplog.text + Letter.objects.get().detail


@pytest.mark.django_db
def test_control_with_a_receiver_that_knows_ids_it_may_be_sent_again(noon):
    letter, box = write(), Box(UNKNOWN, SENT, dedupes=True)
    drain(box)
    with clock.held(clock.now() + timedelta(seconds=6)):
        drain(box)
    assert [p.id for p in box.got] == [letter.public_id] * 2
    assert states()["k"] == State.SENT


@pytest.mark.django_db
def test_a_letter_for_a_carrier_that_is_not_there_waits():
    write(carrier="pigeon")
    drain(Box())
    letter = Letter.objects.get()
    assert (letter.state, letter.detail) == (State.WAITING, "no such carrier")


@pytest.mark.django_db
def test_slow_carriers_give_the_rest_of_the_batch_back(monkeypatch):
    for n in range(3):
        write(str(n))
    monkeypatch.setattr(relay, "PATIENCE", -1.0)
    claim, keys = relay._claim(10)
    assert relay._carry_all(claim, keys, {"box": Box()}) == 0
    assert set(states().values()) == {State.WAITING}


@pytest.mark.django_db
def test_people_hold_and_release_letters():
    for n in range(3):
        write(str(n))
    assert hold(viewer=JOB, keys=["0", "1", "9"], reason="kit recalled") == 2
    assert hold(viewer=JOB, keys=["0"], reason="again") == 0
    box = Box()
    drain(box)
    assert states() == {"0": State.HELD, "1": State.HELD, "2": State.SENT}
    assert release(viewer=JOB, keys=["0"], reason="mended") == 1
    drain(box)
    assert states()["0"] == State.SENT
    assert sorted(Entry.objects.values_list("act", flat=True)) == ["outbox.held"] * 2 + ["outbox.released"]


@pytest.mark.django_db
def test_a_claimed_letter_can_still_be_held_until_its_turn():
    write()
    claim, keys = relay._claim(10)
    assert hold(viewer=JOB, keys=["k"], reason="recall") == 1
    box = Box()
    assert relay._carry_all(claim, keys, {"box": box}) == 0
    assert box.got == []


@pytest.mark.django_db
def test_unknown_letters_are_settled_by_hand():
    for key in ("came", "lost"):
        write(key)
    drain(Box(UNKNOWN))
    by_key = {letter.key: letter.public_id for letter in Letter.objects.all()}
    settle(viewer=JOB, public_id=by_key["came"], delivered=True, reason="asked")
    settle(viewer=JOB, public_id=by_key["lost"], delivered=False, reason="asked")
    assert states() == {"came": State.SENT, "lost": State.WAITING}
    with pytest.raises(Refused) as refused:
        settle(viewer=JOB, public_id=by_key["came"], delivered=True, reason="")
    assert refused.value.code == "outbox.not_unknown"
    with pytest.raises(Refused) as refused:
        settle(viewer=JOB, public_id=uuid.uuid4(), delivered=True, reason="")
    assert refused.value.code == "absent"


@pytest.mark.django_db
def test_a_relay_that_died_is_found_and_one_that_is_slow_is_believed(noon):
    for key in ("untouched", "touched", "fresh", "repeatable"):
        write(key, carrier="known" if key == "repeatable" else "box")
    relay._claim(10)
    old = noon - timedelta(minutes=3)
    Letter.objects.update(claimed_at=old)
    Letter.objects.filter(key__in=["touched", "repeatable"]).update(begun_at=old)
    Letter.objects.filter(key="fresh").update(begun_at=noon)
    assert relay._recover({"box": Box(), "known": Box(dedupes=True)}) == 3
    assert states() == {
        "untouched": State.WAITING, "touched": State.UNKNOWN, "fresh": State.SENDING, "repeatable": State.WAITING,
    }  # fmt: skip


@pytest.mark.django_db
def test_a_relay_given_up_for_dead_still_says_what_happened(noon):
    letter = write()

    class Slow(Box):
        def carry(self, letter):
            with clock.held(noon + timedelta(minutes=5)):
                assert relay._recover({"box": self}) == 1
            assert states() == {"k": State.UNKNOWN}
            return super().carry(letter)

    drain(Slow())
    letter.refresh_from_db()
    assert letter.state == State.SENT


@pytest.mark.django_db
def test_old_letters_are_emptied(noon):
    write("sent")
    drain(Box())
    write("waiting")
    with clock.held(noon + timedelta(days=29)):
        assert forget() == 0
    with clock.held(noon + timedelta(days=31)):
        assert tasks.forget(timestamp=0) == 1
        assert tasks.forget(timestamp=0) == 0
    sent = Letter.objects.get(key="sent")
    assert (sent.to, sent.body, sent.to_hash, sent.state) == ("", "", "", State.SENT)
    assert Letter.objects.get(key="waiting").to == "13812341234"
    assert write("sent").public_id == sent.public_id  # still the same letter for its key


@pytest.mark.django_db
def test_erasure_empties_and_stops_all_letters_of_a_person():
    write("hers", person=7, to="other")
    write("to-her")
    write("sent", person=7)
    write("others", to="13900000000", person=8)
    Letter.objects.filter(key="sent").update(state=State.SENT)
    assert erase_person(person=7, addresses=["13812341234"]) == 3
    assert states() == {
        "hers": State.EXPIRED,
        "to-her": State.EXPIRED,
        "sent": State.SENT,
        "others": State.WAITING,
    }
    assert set(Letter.objects.exclude(key="others").values_list("to", "body", "person")) == {("", "", None)}


@pytest.mark.django_db
def test_erasure_while_a_letter_is_on_its_way():
    write()

    class Midway(Box):
        def carry(self, letter):
            erase_person(person=0, addresses=[letter.to])
            return super().carry(letter)

    drain(Midway(FAILED))
    assert states() == {"k": State.WAITING}
    with clock.held(clock.now() + timedelta(hours=1)):
        assert drain(Box()).expired == 1
    assert states() == {"k": State.EXPIRED}


@pytest.mark.django_db
def test_letters_are_listed_for_operators_without_their_text():
    write()
    for viewer in (MEI, ANONYMOUS):
        with pytest.raises(Refused):
            queries.letters(viewer)
    admin = Viewer(account=2, name="a", grants=(Grant("admin", everywhere=True),))
    (letter,) = queries.letters(admin).items
    assert {"to", "body", "to_hash"} <= letter.get_deferred_fields()
    assert queries.letters(admin, state=State.SENT).items == ()
    assert queries.counts() == {State.WAITING: 1}


@pytest.mark.django_db
def test_the_demo_shows_the_newest_live_letter_on_screen(settings, noon):
    settings.DEMO = True
    to = "13812341234"
    assert queries.on_screen(kind="code", to=to) is None
    write("1", carrier="screen", expires_at=noon + timedelta(minutes=5))
    write("2", carrier="screen", body={"code": "2"}, expires_at=noon + timedelta(minutes=5))
    assert queries.on_screen(kind="code", to=to) == {"code": "2"}
    assert queries.on_screen(kind="code", to="13900000000") is None
    with clock.held(noon + timedelta(minutes=5)):
        assert queries.on_screen(kind="code", to=to) is None
    erase_person(person=0, addresses=[])
    settings.DEMO = False
    assert queries.on_screen(kind="code", to=to) is None  # never outside the demo


# ---- races and crashes, with real processes


class Sink:
    """A receiver behind a file: one line per letter that came, in one atomic write."""

    dedupes = False

    def __init__(self, path, *, dedupes=False, dies=None):
        self.path, self.dedupes, self.dies, self.count = path, dedupes, dies, 0

    def carry(self, letter):
        self.count += 1
        if self.dies == ("before", self.count):
            os.kill(os.getpid(), signal.SIGKILL)
        with open(self.path, "ab", buffering=0) as file:  # noqa: PTH123 (unbuffered append)
            file.write(f"{letter.id}\n".encode())
        if self.dies == ("after", self.count):
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome("sent")

    def came(self):
        return self.path.read_text().split() if self.path.exists() else []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("race", [in_threads, in_processes])
def test_many_relays_carry_each_letter_once(race, tmp_path):
    for n in range(30):
        write(str(n))
    sink = Sink(tmp_path / "sink")
    done = race(lambda _: drain(sink, batch=3).carried, 4)
    assert sum(done) == 30
    assert sorted(sink.came()) == sorted(str(i) for i in Letter.objects.values_list("public_id", flat=True))


@pytest.mark.django_db(transaction=True)
def test_control_relays_that_do_not_claim_carry_letters_twice(tmp_path):
    for n in range(10):
        write(str(n))
    sink = Sink(tmp_path / "sink")

    def careless(_):
        for letter in Letter.objects.filter(state=State.WAITING):
            sink.carry(letter_parcel(letter))
            time.sleep(0.005)
            Letter.objects.filter(pk=letter.pk).update(state=State.SENT)

    in_threads(careless, 4)
    assert len(sink.came()) > 10


def letter_parcel(letter):
    from tongxin.foundation.outbox.ports import Parcel

    return Parcel(letter.public_id, letter.kind, letter.to, {}, 1)


def forked(work):
    """Run `work` in a child that may be killed; answers whether it came to its end."""
    import multiprocessing

    connection.close()
    child = multiprocessing.get_context("fork").Process(target=work, daemon=True)
    child.start()
    child.join(30)
    assert child.exitcode in {0, -signal.SIGKILL}
    return child.exitcode == 0


def killed_at_statement(n, work):
    """`work` in a child that is killed with SIGKILL right after its n-th statement."""

    def body():
        count = 0

        def counting(execute, sql, params, many, context):
            nonlocal count
            answer = execute(sql, params, many, context)
            count += 1
            if count == n:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        with connection.execute_wrapper(counting):
            work()

    return forked(body)


@pytest.mark.django_db(transaction=True)
@pytest.mark.sampled
@pytest.mark.parametrize("dedupes", [True, False])
def test_sigkill_after_each_statement_and_each_send_loses_nothing_and_shows_nothing_twice(dedupes, tmp_path):
    sink_file, later, n = tmp_path / "sink", timedelta(0), 0
    first, step = samples.stride()
    kills = [("statement", k) for k in range(first, 12, step)] + [
        ("before", 1),
        ("after", 1),
        ("before", 2),
        ("after", 2),
    ]
    for kind, k in kills:
        for _ in range(2):
            write(f"letter-{(n := n + 1)}")
        later += timedelta(days=1)
        with clock.held(clock.now() + later):
            if kind == "statement":
                work = lambda: drain(Sink(sink_file, dedupes=dedupes), batch=2)  # noqa: E731
                assert not killed_at_statement(k, work)
            else:
                dies = (kind, k)
                assert not forked(
                    lambda dies=dies: drain(Sink(sink_file, dedupes=dedupes, dies=dies), batch=2)
                )
    sink = Sink(sink_file, dedupes=dedupes)
    for _ in range(3):
        later += timedelta(days=1)
        with clock.held(clock.now() + later):
            drain(sink)
    came, posted = sink.came(), {str(i): s for i, s in Letter.objects.values_list("public_id", "state")}
    if dedupes:
        # a receiver with ids shows each once, however often it came
        assert set(came) == set(posted)
        assert set(posted.values()) == {State.SENT}
    else:
        assert len(came) == len(set(came))  # never twice
        missing = set(posted) - set(came)
        assert all(posted[i] == State.UNKNOWN for i in missing)  # nothing lost without a word
        assert all(state in {State.SENT, State.UNKNOWN} for state in posted.values())
        assert State.UNKNOWN in posted.values()  # control: the kills did hit


@pytest.mark.django_db(transaction=True)
def test_control_sending_after_commit_by_hand_loses_letters(tmp_path):
    sink = Sink(tmp_path / "sink")

    def by_hand():
        with transaction.atomic():
            Letter.objects.create(
                key=str(uuid.uuid4()), kind="a", carrier="box", to="x", to_hash="x", body="{}", actor="a",
                created_at=clock.now(), due_at=clock.now(), state=State.SENT,
            )  # fmt: skip
        os.kill(os.getpid(), signal.SIGKILL)
        sink.carry(letter_parcel(Letter.objects.get()))

    assert not forked(by_hand)
    assert Letter.objects.filter(state=State.SENT).count() == 1
    assert sink.came() == []  # the act says sent, nobody got it


# ---- the job


class Context:
    def __init__(self, rounds):
        self.rounds = rounds

    def should_abort(self):
        self.rounds -= 1
        return self.rounds < 0


@pytest.mark.django_db(transaction=True)
def test_the_relay_job_wakes_on_notify(monkeypatch):
    from tongxin.foundation.plugs import wiring

    box = Box()
    monkeypatch.setitem(wiring().CARRIERS, "box", box)
    monkeypatch.setattr(tasks, "EVERY", 20.0)
    monkeypatch.setattr(tasks, "WINDOW", 3.0)  # a busy machine needs a second for the letter below

    def work(n):
        if n == 0:
            return tasks.run_relay(Context(9), timestamp=0)
        time.sleep(0.3)
        return write().state

    assert in_threads(work, 2)[0] == 1  # although its beat is twenty seconds
    assert len(box.got) == 1
    monkeypatch.setattr(tasks, "ticks", lambda **given: ticks(**given | {"channel": "deaf"}))
    monkeypatch.setattr(tasks, "WINDOW", 1.2)
    Letter.objects.all().delete()
    assert in_threads(work, 2)[0] == 0  # control: who listens elsewhere hears nothing


@pytest.mark.django_db(transaction=True)
def test_the_relay_job_looks_again_by_itself_and_ends_with_its_window(monkeypatch):
    monkeypatch.setattr(tasks, "EVERY", 0.05)
    monkeypatch.setattr(tasks, "WINDOW", 0.2)
    assert tasks.run_relay(Context(100), timestamp=0) == 0


@pytest.mark.django_db(transaction=True)
def test_it_runs_in_a_real_worker(monkeypatch):
    from tongxin.foundation.plugs import wiring

    box = Box()
    monkeypatch.setitem(wiring().CARRIERS, "box", box)
    monkeypatch.setattr(tasks, "WINDOW", 0.0)
    # A worker also starts whatever is due by the clock, in every room: not here.
    monkeypatch.setattr(app.periodic_registry, "periodic_tasks", {})
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    write()
    tasks.run_relay.defer(timestamp=0)
    with app.replace_connector(app.connector.get_worker_connector()) as worker:
        worker.run_worker(wait=False, listen_notify=False, install_signal_handlers=False)
    assert states() == {"k": State.SENT}
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def test_words():
    assert set(STATES_ZH) == set(State)
    assert set(ACTS) == {"outbox.held", "outbox.released", "outbox.settled"}
    assert all(sentence.status == 409 for sentence in REFUSALS.values())
    assert actions.CHANNEL == "tongxin_outbox"

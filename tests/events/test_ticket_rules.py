"""What a ticket's code is worth: only our own, unaltered, of this event and, online, of this minute (promise P11)."""

import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from events.ticket_forgery import bits, mutations, respelled
from tongxin.events.rules import tickets
from tongxin.events.rules.tickets import code, key_from, moving_part, moving_secret, read, static_part

NOW = datetime(2026, 3, 7, 2, 0, 15, tzinfo=UTC)
KEY, OTHERS = key_from("ours"), key_from("theirs")
TICKET, EVENT, ELSEWHERE = (uuid.UUID(int=n << 64 | 7) for n in (0xA1, 0xB2, 0xC3))


def after(**time):
    return NOW + timedelta(**time)


def holds(text, *, at=NOW, online=True, key=KEY, event=EVENT):
    return read(key, text, event, at, online=online) is not None


def test_a_code_names_its_ticket():
    shown = read(KEY, code(KEY, TICKET, EVENT, NOW), EVENT, NOW, online=True)

    assert shown == tickets.Shown(TICKET, tickets.event_mark(EVENT), tickets.step_at(NOW))


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [
        (0, True),
        (14, True),
        (30, True),
        (44, True),
        (45, False),
        (61, False),
        (90, False),
        (3600, False),
        (-30, True),
        (-46, False),
    ],
)
def test_a_screenshot_grows_old(seconds, accepted):
    """Taken in the middle of a step: good for this one and the next, long before ninety seconds are over."""
    assert holds(code(KEY, TICKET, EVENT, NOW), at=after(seconds=seconds)) is accepted


@pytest.mark.parametrize("start", range(30))
def test_no_screenshot_of_ninety_seconds_is_accepted_wherever_in_the_step_it_was_taken(start):
    taken = NOW + timedelta(seconds=start)

    assert not holds(code(KEY, TICKET, EVENT, taken), at=taken + timedelta(seconds=90))
    assert not holds(code(KEY, TICKET, EVENT, taken), at=taken + timedelta(seconds=60))


def test_without_network_the_part_that_stays_is_enough():
    static = f"TX1.{static_part(KEY, TICKET, EVENT)}"

    assert holds(static, online=False)
    assert not holds(static, online=True)
    assert holds(code(KEY, TICKET, EVENT, NOW), at=after(hours=5), online=False)


def test_the_part_that_stays_is_one_text_for_ever():
    assert len({static_part(KEY, TICKET, EVENT) for _ in range(20)}) == 1


@pytest.mark.parametrize("online", [True, False])
def test_foreign_codes(online):
    ours = code(KEY, TICKET, EVENT, NOW)

    assert not holds(ours, event=ELSEWHERE, online=online)
    assert not holds(ours, key=OTHERS, online=online)
    assert not holds(code(OTHERS, TICKET, EVENT, NOW), online=online)
    assert not holds(code(KEY, TICKET, ELSEWHERE, NOW), online=online)


def test_parts_of_two_tickets_do_not_fit_together():
    mine, other = code(KEY, TICKET, EVENT, NOW).split("."), code(KEY, uuid.UUID(int=9), EVENT, NOW).split(".")

    assert not holds(".".join([mine[0], mine[1], other[2]]))
    assert not holds(".".join([other[0], other[1], mine[2]]))


def test_a_step_that_was_moved_forward_by_hand_does_not_hold():
    old = tickets.step_at(NOW) - 10
    stale = moving_part(moving_secret(KEY, TICKET), TICKET, old)
    raw = bytearray(tickets._bytes(stale, 14))
    raw[:4] = tickets.step_at(NOW).to_bytes(4, "big")

    assert not holds(f"TX1.{static_part(KEY, TICKET, EVENT)}.{tickets._text(bytes(raw))}")


def test_the_other_spelling_of_a_signature_is_refused_although_it_verifies():
    """(r, n−s) verifies wherever (r, s) does; accepting both would let anybody respell a ticket."""
    text = respelled(KEY, TICKET, EVENT)
    raw = tickets._bytes(text.split(".")[1], 88)
    r, s = (int.from_bytes(raw[at : at + 32], "big") for at in (24, 56))
    KEY.public.verify(encode_dss_signature(r, s), tickets._domain(raw[:24]), tickets.ECDSA(tickets.SHA256()))

    assert not holds(text, online=False)


@pytest.mark.parametrize("online", [True, False])
def test_no_mutation_is_accepted(online):
    """The small version of ten thousand (bench/tickets.py)."""
    good = code(KEY, TICKET, EVENT, NOW)
    assert holds(good, online=online)

    tried = mutations(good, random.Random(4), 900)

    # Offline the moving part may be absent: cutting it off whole is the static code itself, no forgery.
    static = good.rsplit(".", 1)[0]
    assert [
        text for text in tried if holds(text, online=online) and not (text == static and not online)
    ] == []


def test_every_bit_of_a_code_matters():
    flipped = bits(code(KEY, TICKET, EVENT, NOW))

    assert len(flipped) == (88 + 14) * 8
    assert [text for text in flipped if holds(text) or holds(text, online=False)] == []


def test_control_without_verification_the_mutations_would_be_accepted(monkeypatch):
    """The protection off: an altered signature is taken, so the walls above are what keeps them out."""
    monkeypatch.setattr(tickets, "signed", lambda *_: True)
    said = TICKET.bytes + tickets.event_mark(EVENT)

    assert holds(f"TX1.{tickets._text(said + bytes(64))}", online=False)


def test_a_signature_over_something_else_is_no_ticket():
    said = TICKET.bytes + tickets.event_mark(EVENT)

    assert not holds(f"TX1.{tickets._text(said + tickets.sign(KEY, said))}", online=False)


def test_two_doors_name_the_same_ticket_differently():
    doors = [tickets.door_key(KEY, uuid.UUID(int=n)) for n in (1, 2)]

    assert len({tickets.door_hash(door, "tail:1234") for door in doors}) == 2

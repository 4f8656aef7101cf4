"""Random days at the door: three phones without network write journals, which come home in random pieces and orders."""

import uuid
from collections import Counter
from datetime import timedelta

from django.db import transaction

from events.doors_setup import HOUR, Evening
from tongxin.events import actions
from tongxin.events.actions import EntryIn
from tongxin.events.models import Attendance, DoorConflict, Scan
from tongxin.events.rules.scans import ScanFact, attendance
from tongxin.events.terms import Did, Via, Why
from tongxin.foundation import clock
from tongxin.people.models import Deed

PHONES = 3


def state_of(evening):
    """All that must not depend on the order: what came, what counts, what is rewarded, what is to be looked at."""
    fields = (
        "nonce",
        "door",
        "registration",
        "via",
        "did",
        "did_why",
        "server",
        "server_why",
        "forced",
        "annuls",
        "scanned_at",
    )
    scans = Scan.objects.filter(occurrence=evening.event)
    orphan = {s.annuls for s in scans if s.annuls and s.registration_id is None}
    owner = dict(scans.filter(nonce__in=orphan).values_list("nonce", "registration"))
    rows = set()
    for row in scans.values_list(*fields):
        values = dict(zip(fields, row, strict=True))
        values["registration"] = values["registration"] or owner.get(values["annuls"])
        rows.add(tuple(values.values()))
    there = Attendance.objects.filter(occurrence=evening.event).exclude(counted=None)
    return {
        "scans": {row[0] for row in rows},
        "rows": rows,
        "counted": set(there.values_list("registration", "counted", "at")),
        "counted_once": Counter(there.values_list("registration__person", flat=True)),
        "rewards": +rewards(evening),
        "conflicts": Counter(
            DoorConflict.objects.filter(occurrence=evening.event).values_list("kind", "scan")
        ),
    }


def rewards(evening):
    """Deeds that stand, a person: written less reversed."""
    deeds = Deed.objects.filter(subject=evening.event.subject, kind="checked_in")
    told = Counter(deeds.filter(reverses=None).values_list("person", flat=True))
    told.subtract(deeds.exclude(reverses=None).values_list("person", flat=True))
    return told


class Schedule:
    """One day: who is scanned where and when, what is taken back, which registrations are given back meanwhile."""

    def __init__(self, chance, *, guests=4, acts=20, evening=None):
        self.chance = chance
        self.evening = evening or Evening(guests=guests)
        with clock.held(self.evening.at):
            viewers = [self.evening.door, self.evening.champion, self.evening.door]
            self.viewers = viewers
            self.doors = [
                actions.open_door(viewer=viewer, event_id=self.evening.event.public_id)[0]
                for viewer in viewers
            ]
        self.skews = [timedelta(minutes=chance.choice([0, 0, -3, 2, 40])) for _ in range(PHONES)]
        self.journals = [[] for _ in range(PHONES)]
        for _ in range(acts):
            self._act()
        self.written = {entry.nonce for journal in self.journals for entry in journal}

    def _act(self):
        phone = self.chance.randrange(PHONES)
        at = self.evening.at + timedelta(seconds=self.chance.randrange(4 * 3600)) + self.skews[phone]
        nonce = uuid.UUID(int=self.chance.getrandbits(128), version=4)
        journal = self.journals[phone]
        if journal and self.chance.random() < 0.2:
            target = self.chance.choice(journal)
            at = target.scanned_at + timedelta(minutes=self.chance.choice([1, 4, 9, 10, 11, 30]))
            journal.append(EntryIn(nonce, Did.ANNULLED, Why.ANNULLED, at, target.via, annuls=target.nonce))
            return
        guest = self.chance.randrange(len(self.evening.seats))
        kind = self.chance.random()
        if kind < 0.6:
            what = {"ticket": self.evening.code(guest, at=at), "via": Via.TICKET}
        elif kind < 0.9:
            what = {"registration": self.evening.seats[guest].public_id, "via": Via.SEARCH}
        else:
            what = {"ticket": self.evening.code(guest, at=at)[:-9] + "AAAAAAAAA", "via": Via.TICKET}
        did, why = self.chance.choice(
            [(Did.ADMITTED, Why.OK)] * 4 + [(Did.ALREADY, Why.ALREADY), (Did.REFUSED, Why.INVALID)]
        )
        forced = did is Did.ADMITTED and self.chance.random() < 0.1
        journal.append(EntryIn(nonce, did, why, at, forced=forced, **what))

    def orders(self, count):
        """Ways in which the journals come home: in pieces, some twice, across a day."""
        for _ in range(count):
            pieces = []
            for phone, journal in enumerate(self.journals):
                entries = self.chance.sample(journal, len(journal))
                while entries:
                    size = self.chance.randint(1, len(entries))
                    pieces.append((phone, entries[:size]))
                    if self.chance.random() < 0.2:
                        pieces.append((phone, entries[:size]))
                    entries = entries[size:]
            self.chance.shuffle(pieces)
            yield pieces

    def played(self, pieces):
        """The state after these uploads, which are then taken back."""
        with transaction.atomic():
            try:
                for n, (phone, journal) in enumerate(pieces):
                    with clock.held(self.evening.at + 5 * HOUR + timedelta(minutes=n * 7)):
                        actions.sync(
                            viewer=self.viewers[phone], door_id=self.doors[phone].public_id, journal=journal
                        )
                state = state_of(self.evening)
                self.expected_conflicts = self._conflicts()
            finally:
                transaction.set_rollback(True)
        return state

    def _conflicts(self):
        """What the rule says of all scans at once."""
        found = Counter()
        rows = list(Scan.objects.filter(occurrence=self.evening.event))
        home = {row.nonce: row.registration_id for row in rows}
        for key in {row.registration_id for row in rows} - {None}:
            mine = [r for r in rows if (r.registration_id or home.get(r.annuls)) == key]
            facts = [
                ScanFact(
                    r.nonce,
                    Did(r.did),
                    Did(r.server),
                    Why(r.server_why),
                    r.scanned_at,
                    r.door_id,
                    r.forced,
                    r.annuls,
                )
                for r in mine
            ]
            found.update((f.kind, f.scan) for f in attendance(facts).conflicts)
        stray = [
            r for r in rows if r.registration_id is None and r.did == Did.ADMITTED and r.server == Did.REFUSED
        ]
        found.update(("admitted_invalid", r.nonce) for r in stray)
        return found

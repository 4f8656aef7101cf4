"""Friends who were brought: named within a month of joining, paid on a first purchase that was kept, taken back with its refund.

Never for heads and never two steps further: who brought the friend, and at most who had brought them. What looks like one person in
two coats is held before anything is paid, and a person decides.
"""

import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction

from tongxin.amplify.actions import trails
from tongxin.amplify.models import Referral, ReferralCode, RewardEntry, Teacher
from tongxin.amplify.queries.ambassadors import tier_of
from tongxin.amplify.queries.margins import margin_on
from tongxin.amplify.rules.ambassadors import rate
from tongxin.amplify.rules.referrals import (
    Bought,
    DayNet,
    Due,
    Inviter,
    Named,
    Terms,
    due,
    first_purchase,
    flags,
    held,
)
from tongxin.amplify.terms import DECIDERS
from tongxin.amplify.terms_referrals import (
    BUY_WITHIN,
    CODE_LENGTH,
    CODE_LETTERS,
    DIRECT_PERMILLE,
    FOLLOWED_FOR,
    NEW_FOR,
    REFUND_DAYS,
    USUAL_PERMILLE,
    Part,
    ReferralState,
)
from tongxin.amplify.terms_teachers import TeacherState
from tongxin.commerce.models import PurchaseDay
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import ledger
from tongxin.people.models import Customer, Deed, Identity
from tongxin.people.queries import cluster
from tongxin.people.terms import CustomerState

DEVICES_MOST = 6
REASON_LEAST, REASON_MOST = 2, 200
OPEN = (ReferralState.PENDING, ReferralState.HELD)


def my_code(*, viewer: Viewer, device: str = "") -> ReferralCode:
    """The code of the member who asks, made when first asked for; the browser is remembered as a keyed hash.

    Refuses `absent`, `amplify.no_friends_programme`, `amplify.margin_unset`.
    """
    with transaction.atomic():
        me = _me(viewer)
        if me.is_staff:
            raise Refused("amplify.no_friends_programme")
        margin_on(clock.business_day(clock.now()))
        found = ReferralCode.objects.select_for_update(no_key=True).filter(person=me).first()
        if found is None:
            found = ReferralCode.objects.create(person=me, code=_fresh(), made_at=clock.now())
            trails.note(viewer, "amplify.code_made", "member", me.public_id)
        if device and device not in found.devices:
            found.devices = [*found.devices, device][-DEVICES_MOST:]
            found.save(update_fields=["devices"])
    return found


def _me(viewer: Viewer) -> Customer:
    found = Customer.objects.select_for_update(no_key=True).filter(pk=viewer.person or 0).first()
    if found is None:
        raise Refused("absent")
    return found


def _fresh() -> str:
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        if not ReferralCode.objects.filter(code=code).exists():
            return code


def name_friend(*, viewer: Viewer, code: str, device: str = "") -> Referral:
    """A new member says who brought them. Refuses `absent`, `amplify.code`, `amplify.own_code`, `amplify.brought_already`,
    `amplify.not_new`, `amplify.circle`, `amplify.no_friends_programme`, `amplify.margin_unset`.
    """
    with transaction.atomic():
        me = _me(viewer)
        entry = (
            ReferralCode.objects.select_related("person__survivor").filter(code=code.strip().upper()).first()
        )
        if entry is None or entry.person.state == CustomerState.ERASED:
            raise Refused("amplify.code")
        return _brought(viewer, me, entry.person.survivor or entry.person, device, teacher=None)


def name_teacher(*, viewer: Viewer, teacher_id: UUID, device: str = "") -> Referral:
    """A new member says that they came for a teacher: one credit, as with a code; a colleague's is counted and never paid.

    Refuses `absent`, and as `name_friend`.
    """
    with transaction.atomic():
        me = _me(viewer)
        teacher = (
            Teacher.objects.select_related("person__survivor")
            .filter(public_id=teacher_id, state=TeacherState.SHOWN)
            .first()
        )
        if teacher is None:
            raise Refused("absent")
        person = None if teacher.person is None else teacher.person.survivor or teacher.person
        return _brought(viewer, me, person, device, teacher=teacher)


def _brought(
    viewer: Viewer, me: Customer, referrer: Customer | None, device: str, *, teacher: Teacher | None
) -> Referral:
    own, now = cluster(me), clock.now()
    theirs = [] if referrer is None else cluster(referrer)
    if referrer is not None and referrer.pk in own:
        raise Refused("amplify.own_code")
    if me.is_staff or (referrer is not None and referrer.is_staff):
        raise Refused("amplify.no_friends_programme")
    if Referral.objects.filter(invitee__in=own).exists():
        raise Refused("amplify.brought_already")
    new = now <= (me.registered_at or me.created_at) + NEW_FOR
    if not new or PurchaseDay.objects.filter(customer__in=own).exists():
        raise Refused("amplify.not_new", days=NEW_FOR.days)
    before = Referral.objects.filter(invitee__in=theirs).select_related("referrer__survivor").first()
    if before is not None and before.referrer_id in own:
        raise Refused("amplify.circle")
    made = Referral.objects.create(
        referrer=referrer,
        teacher=teacher,
        invitee=me,
        assist=_assist(before, own, theirs),
        store=me.home_store,
        state=ReferralState.PENDING,
        terms=_terms(referrer),
        device=device,
        named_at=now,
    )
    trails.note(viewer, "amplify.friend_named", "referral", made.public_id)
    return made


def _assist(before: Referral | None, own: Sequence[int], theirs: Sequence[int]) -> Customer | None:
    """Who had brought the one who brings: a third person whose own friend counts or may still count."""
    if before is None or before.referrer is None or before.state not in {*OPEN, ReferralState.CONFIRMED}:
        return None
    found = before.referrer.survivor or before.referrer
    out = found.pk in own or found.pk in theirs or found.is_staff or found.state == CustomerState.ERASED
    return None if out else found


def _terms(referrer: Customer | None) -> dict[str, int]:
    now = clock.now()
    margin = margin_on(clock.business_day(now))
    tier = None if referrer is None else tier_of(cluster(referrer), now)
    return {
        "of_margin": 0 if referrer is None else rate(tier, USUAL_PERMILLE),
        "direct": DIRECT_PERMILLE,
        "high": margin.high_permille,
        "margin": margin.other_permille,
        "refund_days": REFUND_DAYS,
    }


def settle_friends(*, viewer: Viewer) -> int:
    """Look at every open friend, and at confirmed ones for later refunds: a nightly job; answers how many changed."""
    today, done = clock.business_day(clock.now()), 0
    waiting = Referral.objects.filter(state=ReferralState.PENDING)
    followed = Referral.objects.filter(state=ReferralState.CONFIRMED, bought_on__gte=today - FOLLOWED_FOR)
    for rows in (waiting, followed):
        for key in list(rows.order_by("id").values_list("pk", flat=True)):
            with transaction.atomic():
                done += _settle(viewer, _held(key), today)
    return done


def _held(key: int) -> Referral:
    return (
        Referral.objects.select_for_update(no_key=True, of=("self",))
        .select_related("referrer__survivor", "invitee__survivor")
        .get(pk=key)
    )


def _settle(viewer: Viewer, row: Referral, today: date) -> bool:
    if row.state not in {ReferralState.PENDING, ReferralState.CONFIRMED}:
        return False
    bought = _bought(row)
    if row.state == ReferralState.CONFIRMED:
        return bought is not None and _pay(viewer, row, bought)
    if bought is None:
        over = clock.business_day(row.named_at + BUY_WITHIN) < today
        return over and _end(viewer, row, ReferralState.LAPSED, "amplify.friend_lapsed")
    row.bought_on, row.due_on = bought.on, bought.due_on
    row.save(update_fields=["bought_on", "due_on"])
    if today < bought.due_on:
        return False
    if bought.left_fen == 0 or _counted_before(row):
        return _end(viewer, row, ReferralState.LAPSED, "amplify.friend_lapsed")
    friend, inviter = _facts(row)
    found = flags(friend, inviter)
    if held(found, friend):
        row.flags = [str(one) for one in found]
        row.save(update_fields=["flags"])
        return _end(viewer, row, ReferralState.HELD, "amplify.friend_held")
    return _confirm(viewer, row, bought)


def _bought(row: Referral) -> Bought | None:
    """The friend's first purchase with what is left of it; the sums of a day over all their stores."""
    days: dict[date, tuple[int, int]] = {}
    for on, fen, high in PurchaseDay.objects.filter(customer__in=_entries(row.invitee_id)).values_list(
        "business_date", "net_fen", "high_margin_fen"
    ):
        net, so_far = days.get(on, (0, 0))
        days[on] = net + fen, so_far + high
    since = clock.business_day(row.named_at)
    until = clock.business_day(row.named_at + BUY_WITHIN)
    return first_purchase([DayNet(on, *sums) for on, sums in days.items()], since, until, _terms_of(row))


def _terms_of(row: Referral) -> Terms:
    # friends who came before margins were told apart had one for all articles
    return Terms(**({"high": row.terms["margin"]} | row.terms))


def _facts(row: Referral) -> tuple[Named, Inviter]:
    """What the rule of flags asks of a friend and of who invited: devices and phone digits as keyed hashes, first purchases."""
    theirs = [] if row.referrer_id is None else _entries(row.referrer_id)
    mine = (
        Referral.objects.filter(referrer__in=theirs)
        if theirs
        else Referral.objects.filter(teacher=row.teacher_id)
    )
    others = list(mine.exclude(pk=row.pk).exclude(state=ReferralState.LAPSED))
    codes = ReferralCode.objects.filter(person__in=theirs).values_list("devices", flat=True)
    named = Referral.objects.filter(invitee__in=theirs).values_list("device", flat=True)
    baskets = _baskets([row, *others])
    friend = Named(
        row.named_at, row.device, next(iter(_tails(row.invitee_id)), ""), *baskets.get(row.invitee_id, ())
    )
    return friend, Inviter(
        frozenset({one for found in codes for one in found} | {one for one in named if one}),
        _tails(row.referrer_id),
        (
            friend,
            *(Named(one.named_at, one.device, "", *baskets.get(one.invitee_id, ())) for one in others),
        ),
        _elsewhere({one.device for one in (row, *others) if one.device}, theirs, row.teacher_id),
    )


def _baskets(rows: Sequence[Referral]) -> dict[int, tuple[date, int, int]]:
    """The first purchase of each friend: day, sum, store."""
    found: dict[int, tuple[date, int, int]] = {}
    days = PurchaseDay.objects.filter(customer__in=[one.invitee_id for one in rows], net_fen__gt=0)
    for who, on, fen, store in days.order_by("business_date", "id").values_list(
        "customer", "business_date", "net_fen", "store"
    ):
        found.setdefault(who, (on, fen, store))
    return found


def _elsewhere(devices: set[str], theirs: Sequence[int], teacher: int | None) -> dict[str, int]:
    """How many others had friends from these devices."""
    found: dict[str, set[tuple[int | None, int | None]]] = {}
    rows = Referral.objects.filter(device__in=devices).exclude(referrer__in=theirs)
    for device, referrer, other in rows.values_list("device", "referrer", "teacher"):
        if referrer is not None or other != teacher:
            found.setdefault(device, set()).add((referrer, None if referrer is not None else other))
    return {device: len(inviters) for device, inviters in found.items()}


def _tails(person: int | None) -> frozenset[str]:
    if person is None:
        return frozenset()
    rows = Identity.objects.filter(customer__in=_entries(person)).exclude(tail="")
    return frozenset(rows.values_list("tail", flat=True))


def _confirm(viewer: Viewer, row: Referral, bought: Bought) -> bool:
    _end(viewer, row, ReferralState.CONFIRMED, "amplify.friend_confirmed")
    _pay(viewer, row, bought)
    direct = _now(row.referrer_id)
    if direct is None or direct in _entries(row.invitee_id):
        return True
    trails.book(
        person=direct,
        kind="referral_verified",
        source=_source(row),
        at=clock.now(),
        store=row.store_id,
        counterpart=row.invitee_id,
    )
    return True


def _source(row: Referral) -> str:
    return f"referral:{row.public_id}"


def _pay(viewer: Viewer, row: Referral, bought: Bought, *, counts: bool = True) -> bool:
    """Write the lines between what the ledger says and what is due now; nothing where they agree."""
    paid = [Due(one.person_id, Part(one.part), one.fen) for one in RewardEntry.objects.filter(referral=row)]
    # entries of one person are one person, also where that was found out later: nobody is thanked for themselves
    known = {one: _now(one) for one in {row.referrer_id, row.assist_id, row.invitee_id}}
    chain = (
        []
        if row.referrer_id is None or known[row.referrer_id] == known[row.invitee_id]
        else [row.referrer_id]
    )
    if row.assist_id is not None and known[row.assist_id] not in {
        known[row.referrer_id],
        known[row.invitee_id],
    }:
        chain += [row.assist_id] if chain else []
    if not counts or _counted_before(row):
        chain = []
    lines = due(payer=row.invitee_id, chain=chain, bought=bought, terms=_terms_of(row), paid=paid)
    now = clock.now()
    RewardEntry.objects.bulk_create(
        [
            RewardEntry(
                referral=row,
                person_id=one.person,
                part=one.part,
                kind=one.kind,
                fen=one.fen,
                at=now,
                by=viewer.name,
            )
            for one in lines
        ]
    )
    if paid and lines:
        trails.note(
            viewer,
            "amplify.thanks_taken_back",
            "referral",
            row.public_id,
            after={"fen": sum(one.fen for one in lines)},
        )
        if bought.left_fen == 0 or not chain:
            _unbook(viewer, row)
    return bool(lines)


def _counted_before(row: Referral) -> bool:
    """Does another entry of the same friend count already? One person is a friend once."""
    same = Referral.objects.filter(invitee__in=_entries(row.invitee_id), state=ReferralState.CONFIRMED)
    return same.filter(pk__lt=row.pk).exists()


def _entries(person: int) -> list[int]:
    """All entries of who an entry belongs to now."""
    return cluster(_now(person) or person)


def _now(person: int | None) -> int | None:
    """Who an entry belongs to now."""
    if person is None:
        return None
    return Customer.objects.values_list("survivor", flat=True).get(pk=person) or person


def _unbook(viewer: Viewer, row: Referral) -> None:
    deed = Deed.objects.filter(source_system=trails.ROOM, source_id=_source(row)).first()
    if deed is not None and not Deed.objects.filter(reverses=deed).exists():
        ledger.reverse(viewer=viewer, deed_id=deed.pk, reason="refunded")


def _end(viewer: Viewer, row: Referral, state: ReferralState, act: str, reason: str = "") -> bool:
    before = row.state
    row.state, row.decided_at, row.decided_by, row.reason = state, clock.now(), viewer.name, reason
    row.save(update_fields=["state", "decided_at", "decided_by", "reason"])
    trails.note(
        viewer,
        act,
        "referral",
        row.public_id,
        before={"state": str(before)},
        after={"state": str(state), "flags": row.flags},
    )
    return True


def decide_friend(*, viewer: Viewer, referral_id: UUID, counts: bool, reason: str) -> Referral:
    """A person has looked at a held friend: it counts and pays, or it does not; what was confirmed can still be found to be false,
    and is taken back. Refuses `absent`, `amplify.referral_state`, `amplify.words`.
    """
    why = reason.strip()
    with transaction.atomic():
        key = Referral.objects.filter(public_id=referral_id).values_list("pk", "store").first()
        if key is None or not viewer.reaches(key[1], DECIDERS):
            raise Refused("absent")
        if not REASON_LEAST <= len(why) <= REASON_MOST:
            raise Refused("amplify.words", most=REASON_MOST)
        row = _held(key[0])
        bought = _bought(row)
        if row.state == ReferralState.CONFIRMED and not counts and bought is not None:
            _pay(viewer, row, bought, counts=False)
            _end(viewer, row, ReferralState.REFUSED, "amplify.friend_refused", why)
            return row
        if row.state != ReferralState.HELD:
            raise Refused("amplify.referral_state")
        if not counts or bought is None or bought.left_fen == 0:
            _end(viewer, row, ReferralState.REFUSED, "amplify.friend_refused", why)
        else:
            _confirm(viewer, row, bought)
            Referral.objects.filter(pk=row.pk).update(reason=why)
    return row


def tidy_friends(*, viewer: Viewer) -> int:  # noqa: ARG001 - jobs are called alike
    """Hashes of browsers go half a year after the decision; answers how many rows. A nightly job."""
    old = clock.now() - timedelta(days=180)
    rows = Referral.objects.exclude(state__in=OPEN).filter(decided_at__lt=old)
    return rows.exclude(device="", flags=[]).update(device="", flags=[])


def forget_friends(ids: list[int]) -> int:
    """Codes and hashes go; open friends end; the ledger stays for the books, without the person. For an erasure."""
    touched: int = ReferralCode.objects.filter(person__in=ids).delete()[0]
    mine = Referral.objects.filter(invitee__in=ids) | Referral.objects.filter(referrer__in=ids)
    touched += mine.filter(state__in=OPEN).update(state=ReferralState.LAPSED, decided_at=clock.now())
    touched += Referral.objects.filter(assist__in=ids, state__in=OPEN).update(assist=None)
    return touched + mine.exclude(device="", flags=[], reason="", bought_on=None, due_on=None).update(
        device="", flags=[], reason="", bought_on=None, due_on=None
    )

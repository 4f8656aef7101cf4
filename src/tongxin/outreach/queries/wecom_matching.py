"""Reading who is probably who in the corp, and what does not fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach import rules_matching as rules
from tongxin.outreach.models import WecomColleague, WecomContact, WecomDepartment, WecomGroup
from tongxin.outreach.terms_handover import CLASHES, HINTS, KEEPERS, Clash
from tongxin.stores.models import Staff, Store


@dataclass(frozen=True)
class Suggestion:
    """A colleague and the account that probably is theirs."""

    staff: UUID
    name: str
    store: str
    userid: str
    their_name: str
    why_zh: str
    why_en: str


@dataclass(frozen=True)
class StoreSuggestion:
    """A store and the department that probably is it."""

    store: UUID
    name: str
    department: int
    their_name: str


@dataclass(frozen=True)
class Conflict:
    """What does not fit."""

    kind: Clash
    staff: UUID | None
    name: str
    store: str
    userid: str
    zh: str
    en: str


@dataclass(frozen=True)
class Matching:
    """All of it; `matched` and `waiting` are how many colleagues have an account and how many have none."""

    matched: int
    waiting: int
    staff: tuple[Suggestion, ...]
    stores: tuple[StoreSuggestion, ...]
    conflicts: tuple[Conflict, ...]


def unmatched_users(userids: Iterable[str]) -> list[str]:
    """Of these accounts those that are nobody's yet and whose number we have not seen."""
    wanted = set(userids)
    used = Staff.objects.exclude(wecom_userid="").values_list("wecom_userid", flat=True)
    seen = WecomColleague.objects.exclude(phone_lookup="").values_list("userid", flat=True)
    return sorted(wanted - set(used) - set(seen))


def matching(viewer: Viewer) -> Matching:
    """Suggestions and conflicts of the stores in reach. Nine statements at most, however many colleagues. Refuses `forbidden`."""
    places = viewer.places(KEEPERS)
    if places is not None and not places:
        raise Refused("forbidden")
    staff = list(Staff.objects.select_related("store").order_by("code"))
    ours = [
        rules.Ours(one.pk, one.code, one.name, one.phone_lookup, one.wecom_userid, one.active)
        for one in staff
    ]
    theirs = [
        rules.Theirs(*row)
        for row in WecomColleague.objects.filter(gone_at=None)
        .order_by("userid")
        .values_list("userid", "name", "phone_lookup")
    ]
    names = {one.userid: one.name for one in theirs}
    by_pk = {one.pk: one for one in staff if places is None or one.store_id in places}
    busy = set(WecomContact.objects.filter(lost_at=None).values_list("userid", flat=True).distinct()) | set(
        WecomGroup.objects.filter(dismissed_at=None).values_list("owner", flat=True).distinct()
    )
    mine = [one for one in by_pk.values() if one.active]
    return Matching(
        matched=sum(bool(one.wecom_userid) for one in mine),
        waiting=sum(not one.wecom_userid for one in mine),
        staff=tuple(
            _suggestion(by_pk[match.pk], match, names)
            for match in rules.suggest(ours, theirs)
            if match.pk in by_pk
        ),
        stores=tuple(_stores(places)),
        conflicts=tuple(
            _conflict(by_pk[clash.pk], clash)
            for clash in rules.clashes(ours, theirs, busy=busy)
            if clash.pk in by_pk
        ),
    )


def _suggestion(one: Staff, match: rules.Match, names: dict[str, str]) -> Suggestion:
    zh, en = HINTS[match.hint]
    place = one.store.name if one.store else ""
    return Suggestion(one.public_id, one.name, place, match.userid, names.get(match.userid, ""), zh, en)


def _conflict(one: Staff, clash: rules.Clashing) -> Conflict:
    zh, en = CLASHES[clash.kind]
    return Conflict(
        clash.kind, one.public_id, one.name, one.store.name if one.store else "", clash.userid, zh, en
    )


def _stores(places: frozenset[int] | None) -> list[StoreSuggestion]:
    shops = list(Store.objects.filter(closed_on=None).order_by("code"))
    branches = dict(
        WecomDepartment.objects.filter(gone_at=None).order_by("number").values_list("number", "name")
    )
    found = rules.suggest_stores(
        [rules.Shop(one.pk, one.code, one.name, one.wecom_department_id) for one in shops],
        [rules.Branch(number, name) for number, name in branches.items()],
    )
    return [
        StoreSuggestion(one.public_id, one.name, found[one.pk], branches[found[one.pk]])
        for one in shops
        if one.pk in found and (places is None or one.pk in places)
    ]

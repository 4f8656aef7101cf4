"""Rings as tags, one group of them (同心圈层), so that a colleague sees in WeCom where a customer stands. Tags of others stay."""

from collections.abc import Mapping, Sequence

from tongxin.connect.wecom.api import contacts, staff
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.connect.wecom.scenario import TAG_GROUP
from tongxin.connect.wecom.shapes import Contact
from tongxin.foundation.access import Viewer
from tongxin.outreach.actions.wecom_picture import persons
from tongxin.rings.queries.lists import rings_of
from tongxin.rings.terms import Ring

AT_ONCE = 100


def mark_rings(corp: Caller, *, viewer: Viewer) -> int:
    """Bring the tags of all customers in line with their rings; answers how many changed. Who has no ring has no tag of ours.

    The platform tags a customer for each colleague by itself, so a customer of two colleagues is marked twice.
    """
    tags = contacts.ensure_tags(corp, TAG_GROUP, [ring.zh for ring in Ring])
    users, changed = sorted(staff.with_customers(corp)), 0
    for start in range(0, len(users), AT_ONCE):
        found = list(contacts.by_users(corp, users[start : start + AT_ONCE]))
        changed += _mark(corp, viewer, found, tags)
    return changed


def _mark(corp: Caller, viewer: Viewer, found: Sequence[Contact], tags: Mapping[str, str]) -> int:
    who = persons({one.external_contact.external_userid: one.external_contact.unionid for one in found})
    rings = rings_of(viewer, set(who.values()))
    changed = 0
    for one in found:
        external = one.external_contact.external_userid
        ring = rings.get(who.get(external, 0))
        wanted = {tags[ring.zh]} if ring is not None else set()
        has = set(one.follow_info.tag_id) & set(tags.values())
        if has == wanted:
            continue
        try:
            contacts.mark(
                corp, one.follow_info.userid, external, add=sorted(wanted - has), remove=sorted(has - wanted)
            )
            changed += 1
        except WeComFault as fault:
            if fault.fault is not Fault.NO_RELATION:  # they parted meanwhile
                raise
    return changed

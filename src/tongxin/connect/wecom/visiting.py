"""Who came in through WeCom: one link for all, and the platform says whether it is a colleague or a customer."""

from uuid import UUID

from django.db import transaction

from tongxin.connect.wecom.api import staff
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.shapes import Visitor
from tongxin.foundation.access import system
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.models import Account
from tongxin.outreach.models import WecomContact
from tongxin.people.actions.members import open_account
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState
from tongxin.stores.models import Staff


def enter(corp: Caller, code: str) -> UUID | None:
    """The session of who came with this code; None for somebody we do not know. Raises WeComFault: a code is good once."""
    account = account_of(staff.visitor(corp, code))
    return None if account is None else accounts.open_session(account=account).public_id


def account_of(visitor: Visitor) -> Account | None:
    """A colleague by the WeCom account in the staff list, a customer by what the mirror knows. Never by a name."""
    if visitor.userid:
        mine = Staff.objects.filter(wecom_userid=visitor.userid, active=True, account__is_active=True)
        found = list(mine.select_related("account")[:2])
        return found[0].account if len(found) == 1 else None
    if not visitor.external_userid:
        return None
    known = WecomContact.objects.filter(
        external=visitor.external_userid, lost_at=None, customer__isnull=False
    )
    roots = {survivor or entry for entry, survivor in known.values_list("customer", "customer__survivor")}
    if len(roots) != 1:
        return None
    with transaction.atomic():
        person = Customer.objects.select_for_update(no_key=True, of=("self",)).get(pk=roots.pop())
        if person.state != CustomerState.LIVE:
            return None
        return open_account(viewer=system("wecom.sign-in"), customer=person)

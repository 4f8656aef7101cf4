"""The corp's list of departments and colleagues, as far as the app sees it: what staff and stores are matched against."""

from tongxin.connect.wecom.api import staff
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import SETUP, Fault, WeComFault
from tongxin.outreach.actions import wecom_matching as book
from tongxin.outreach.queries.wecom_matching import unmatched_users


def take_roster(corp: Caller) -> int:
    """Ours becomes the platform's; answers how many colleagues there are. Numbers only of those nobody is matched with yet."""
    departments = [book.Place(one.id, one.name, one.parentid) for one in staff.departments(corp)]
    people = {one.userid: one for one in staff.colleagues(corp)}
    numbers = {userid: _number(corp, userid) for userid in unmatched_users(people)}
    book.put_roster(
        departments,
        [
            book.Somebody(one.userid, one.name, list(one.department), numbers.get(one.userid, ""))
            for one in people.values()
        ],
    )
    return len(people)


def _number(corp: Caller, userid: str) -> str:
    """The platform shows a number only to apps that were given it; nothing otherwise."""
    try:
        return staff.colleague(corp, userid).mobile
    except WeComFault as fault:
        if fault.fault in {*SETUP, Fault.ABSENT, Fault.NO_RELATION}:
            return ""
        raise

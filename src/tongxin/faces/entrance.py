"""Signing in and out, as pages and the demo do it: what stands between a browser's cookie and the accounts.

The cookie names one open session and nothing else. Its id changes at every step up and whenever the roles change, so a cookie from
before is worth nothing afterwards.
"""

import uuid
from enum import StrEnum

from django.conf import settings
from django.middleware.csrf import rotate_token

from tongxin.faces.asking import Asked
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.accounts import actions, queries
from tongxin.foundation.accounts.queries import Entry, OpenDoor
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people import queries as persons
from tongxin.stores import queries as stores
from tongxin.stores.rules import e164
from tongxin.stores.terms import HQ_ROLES

KEY = "tongxin_sign_in"
ROLES = "tongxin_roles"
DOOR = "enter.door"
FACTOR = "enter.factor"
ON_SCREEN, BY_GATEWAY = (
    "screen",
    "webhook-out",
)  # carriers: the demo shows the letter, others hand it to an SMS gateway


class Step(StrEnum):
    """What comes after a step at the door."""

    DONE = "done"
    FACTOR = "factor"
    ENROL = "enrol"


def staff(request: Asked, *, handle: str, password: str) -> Step:
    """The password step. Refuses `accounts.wrong`, `accounts.too_many`."""
    opened = actions.sign_in_staff(handle=handle, password=password, origin=_origin(request))
    _carry(request, opened.public_id)
    return _next(request)


def begin_factor(request: Asked) -> tuple[str, str]:
    """(secret, otpauth address) for a new second factor of the signed-in account. Refuses `accounts.factor_exists`."""
    return actions.begin_second_factor(account=_entry(request).account)


def factor(request: Asked, *, code: str) -> tuple[str, ...]:
    """Prove the second factor; ten paper codes the first time. Refuses `accounts.wrong_code`, `accounts.too_many`."""
    sign_in = _entry(request).sign_in
    if sign_in is None:  # a token cannot prove a factor
        raise Refused("sign_in_needed")
    paper = actions.confirm_second_factor(sign_in=sign_in, code=code, origin=_origin(request))
    request.session.cycle_key()
    rotate_token(request)
    return paper


def ask_code(request: Asked, *, phone: str) -> None:
    """Send a code to a member's phone; an unknown phone gets the same answer and no code.

    Refuses `phone.bad`, `accounts.too_many_codes`.
    """
    number = _number(phone)
    known = persons.person_by_phone(system("sign-in"), number) is not None
    actions.send_code(
        phone_hash=persons.phone_hash(number),
        to=number,
        known=known,
        carrier=ON_SCREEN if settings.DEMO else BY_GATEWAY,
    )


def by_code(request: Asked, *, phone: str, code: str) -> Step:
    """A member signs in with the code. Refuses `phone.bad`, `accounts.wrong_code`, `accounts.too_many`."""
    number = _number(phone)
    actions.check_code(phone_hash=persons.phone_hash(number), code=code, origin=_origin(request))
    account = people.account_for_phone(viewer=system("sign-in"), phone=number)
    person = persons.person_of(account)
    if person is not None:
        language = "en" if str(request.LANGUAGE_CODE).startswith("en") else "zh"
        people.note_language(viewer=system("sign-in"), person=person, language=language)
    opened = actions.open_session(account=account)
    _carry(request, opened.public_id)
    return _next(request)


def by_platform(request: Asked, *, opened: uuid.UUID) -> Step:
    """A session for somebody for whom a platform of ours has vouched (WeCom); HQ roles still owe their second factor."""
    _carry(request, opened)
    return _next(request)


def as_demo(request: Asked, *, handle: str) -> Step:
    """One click for the demo. Refuses `forbidden` unless this is a demo installation, `absent` for an unknown handle."""
    if not settings.DEMO:
        raise Refused("forbidden")
    account = queries.account_by_handle(system("demo"), handle)
    opened = actions.open_session(account=account, second_factor=True)
    _carry(request, opened.public_id)
    return Step.DONE


def leave(request: Asked) -> None:
    """Sign out here."""
    entry = _entry(request)
    if entry.sign_in is not None:
        actions.end_session(viewer=request.viewer, public_id=entry.sign_in.public_id)
    request.session.flush()


def leave_everywhere(request: Asked) -> None:
    """Sign out on all devices; tokens end too."""
    actions.end_sessions(viewer=request.viewer, account=_entry(request).account)
    request.session.flush()


def sessions(request: Asked) -> list[OpenDoor]:
    """Where the account is signed in."""
    return queries.open_doors(request.viewer, here=request.session.get(KEY, ""))


def end(request: Asked, public_id: uuid.UUID) -> None:
    """End one of the account's own sessions. Refuses `absent`."""
    actions.end_session(viewer=request.viewer, public_id=public_id)


def owes_factor(entry: Entry) -> bool:
    """Signed in, but not all the way: a second factor that is set up, or that an HQ role must set up, is not proved yet."""
    if entry.second_factor:
        return False
    full = stores.viewer_for(entry.account, second_factor=True)
    return not entry.complete or bool(full.roles & HQ_ROLES)


def renew_on_new_roles(request: Asked, viewer: Viewer) -> None:
    """A new cookie id when the roles are no longer those of the last request (promise P25)."""
    now = ",".join(sorted(viewer.roles))
    before = request.session.get(ROLES)
    if before != now:
        request.session[ROLES] = now
        if before is not None:
            request.session.cycle_key()


def _carry(request: Asked, public_id: uuid.UUID) -> None:
    request.session.flush()  # nothing of the visitor from before, least of all an id that somebody planted
    request.session[KEY] = str(public_id)
    rotate_token(request)
    entry = queries.entry_of_session(str(public_id))
    if entry is not None and entry.sign_in is not None:
        left = (
            entry.sign_in.expires_at - clock.now()
        )  # the row of open sessions decides; the cookie only follows
        request.session.set_expiry(max(1, int(left.total_seconds())))
    request.entry = entry


def _next(request: Asked) -> Step:
    entry = _entry(request)
    if not owes_factor(entry):
        return Step.DONE
    return Step.ENROL if entry.complete else Step.FACTOR


def _entry(request: Asked) -> Entry:
    if request.entry is None:
        raise Refused("sign_in_needed")
    return request.entry


def _origin(request: Asked) -> str:
    return str(request.origin)


def _number(phone: str) -> str:
    number = e164(phone)
    if number is None:
        raise Refused("phone.bad")
    return number

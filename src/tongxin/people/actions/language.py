"""The language that somebody is written to in: taken from the browser at the first sign-in, then theirs to choose."""

from django.db import transaction

from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people.actions.members import subject_of
from tongxin.people.models import Customer
from tongxin.people.terms import LANGUAGES, CustomerState


def choose_language(*, viewer: Viewer, language: str) -> Customer:
    """The member's own choice. The same again changes nothing. Refuses `absent` for who is no member, `input.bad`."""
    if language not in LANGUAGES:
        raise Refused("input.bad", field="language", reason="/".join(LANGUAGES))
    with transaction.atomic():
        found = (
            Customer.objects.select_for_update(no_key=True)
            .filter(pk=viewer.person or 0, state=CustomerState.LIVE)
            .first()
        )
        if found is None:
            raise Refused("absent")
        if found.language != language:
            before, found.language = found.language, language
            found.save(update_fields=["language"])
            trail(
                viewer=viewer,
                act="people.language_chosen",
                subject=subject_of(found),
                before={"language": before},
                after={"language": language},
            )
    return found


def note_language(*, viewer: Viewer, person: int, language: str) -> None:  # noqa: ARG001 - every action names its viewer; a guess from the browser is no choice, so nothing stands in the trail
    """What the browser of a first sign-in asks for. Leaves alone what was noted or chosen before."""
    if language in LANGUAGES:
        Customer.objects.filter(pk=person, state=CustomerState.LIVE, language="").update(language=language)

"""Reading the training card, and signing for who was taught."""

from uuid import UUID

from django.db import transaction

from tongxin.champions import queries
from tongxin.champions.models import TrainingSign, TrainingTick
from tongxin.champions.terms import CHECKERS, TRAINERS, Trained
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory


def read_lesson(*, viewer: Viewer, item: str) -> bool:
    """The champion has read an item of the card that holds; answers whether that is new. Refuses `forbidden`, `absent`."""
    if viewer.account is None or not viewer.roles & CHECKERS:
        raise Refused("forbidden")
    card = queries.my_training(viewer)
    if item not in {one.key for one in card.version.items}:
        raise Refused("absent")
    with transaction.atomic():
        _, new = TrainingTick.objects.get_or_create(
            account_id=viewer.account, version=card.version.number, item=item, defaults={"at": clock.now()}
        )
        if new:
            trail(
                viewer=viewer,
                act="champions.training_read",
                subject=("champions", "training", f"{card.version.number}/{item}"),
            )
    return new


def sign_training(*, viewer: Viewer, account_id: UUID | str) -> TrainingSign:
    """The trainer signs that a champion knows the version that holds.

    Refuses `absent`, `champions.own_training`, `champions.not_read` while items are open, `champions.signed`.
    """
    if not viewer.roles & TRAINERS:
        raise Refused("forbidden")
    with advisory("champions.training"):
        account = queries.champion_to_train(viewer, account_id, roles=TRAINERS)
        if account.pk == viewer.account:
            raise Refused("champions.own_training")
        card = queries.training_of(account.pk)
        if card.standing.state is Trained.SIGNED:
            raise Refused("champions.signed")
        if card.standing.read < card.standing.of:
            raise Refused("champions.not_read", n=card.standing.of - card.standing.read)
        made = TrainingSign.objects.create(
            account=account, version=card.version.number, by=viewer.name, at=clock.now()
        )
        trail(
            viewer=viewer,
            act="champions.training_signed",
            subject=("champions", "training", f"{card.version.number}/{account.public_id}"),
        )
    return made

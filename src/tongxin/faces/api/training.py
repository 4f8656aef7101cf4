"""`/champions`: who is champion of which store, and the training card: read, ticked, signed."""

import uuid
from datetime import datetime
from typing import Annotated

from ninja import Router
from pydantic import StringConstraints

from tongxin.champions import actions, queries
from tongxin.champions.queries import ChampionRow
from tongxin.champions.terms import Trained
from tongxin.faces.api.shapes import Done, In, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked

router = Router(tags=["champions"])

Key = Annotated[str, StringConstraints(max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]


class TrainingStanding(Out):
    """How far somebody is with the version of the card that holds."""

    state: Trained
    version: int
    read: int
    of: int


class ChampionOut(Out):
    """A champion of a store. `grant` is what a hand-over ends."""

    grant: uuid.UUID
    account: uuid.UUID
    name: str
    store: uuid.UUID
    store_name: str
    region: str
    since: datetime
    until: datetime | None
    training: TrainingStanding


class ChampionsOut(Out):
    items: list[ChampionOut]


class LessonOut(Out):
    key: str
    zh: str
    en: str
    read: bool


class TrainingOut(Out):
    """One's own training card."""

    standing: TrainingStanding
    items: list[LessonOut]
    signed_at: datetime | None


class LessonIn(In):
    item: Key


def _champion(row: ChampionRow) -> ChampionOut:
    return ChampionOut(
        grant=row.grant,
        account=row.account,
        name=row.name,
        store=row.store,
        store_name=row.store_name,
        region=row.region,
        since=row.since,
        until=row.until,
        training=TrainingStanding.model_validate(row.standing),
    )


@router.get("/champions", url_name="champions", operation_id="champions.list", response=ChampionsOut)
def list_champions(request: Asked, *, region: str = "", training: Trained | None = None) -> ChampionsOut:
    """The champions of the stores in reach; those whose training is not signed first."""
    rows = queries.champions_for(request.viewer, region=region[:64], state=training)
    return ChampionsOut(items=[_champion(row) for row in rows])


def _own(request: Asked) -> TrainingOut:
    card = queries.my_training(request.viewer)
    return TrainingOut(
        standing=TrainingStanding.model_validate(card.standing),
        items=[
            LessonOut(key=one.key, zh=one.zh, en=one.en, read=one.key in card.read)
            for one in card.version.items
        ],
        signed_at=card.signed_at,
    )


@router.get("/champions/training", url_name="training", operation_id="training.read", response=TrainingOut)
def read_training(request: Asked) -> TrainingOut:
    """One's own training card."""
    return _own(request)


@router.post("/champions/training", url_name="training", operation_id="training.tick", response=TrainingOut)
@write()
def tick_training(request: Asked, body: LessonIn) -> TrainingOut:
    """One item was learnt."""
    actions.read_lesson(viewer=request.viewer, item=body.item)
    return _own(request)


@router.post(
    "/champions/{uuid:account_id}/training/sign",
    url_name="training.sign",
    operation_id="training.sign",
    response=Done,
)
@write()
def sign_training(request: Asked, account_id: uuid.UUID) -> Done:
    """The trainer signs, once everything is read."""
    actions.sign_training(viewer=request.viewer, account_id=account_id)
    return Done()

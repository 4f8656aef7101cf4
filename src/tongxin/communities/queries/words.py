"""Small cards that several readers share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tongxin.communities.gates import GATES
from tongxin.communities.models import Community, GateRow, PartTerm, RuleSet
from tongxin.communities.rules.standing import RULES, Step, Way
from tongxin.communities.terms import CONTAINER_LABELS, PARTS, STANDING_LABELS, ContainerKind, Part, Standing
from tongxin.foundation import money
from tongxin.stores.queries import the_brand

Said = tuple[str, str]  # 中文, English

# Why a step stands as it does, in words that both sides read.
CODES: dict[str, Said] = {
    "": ("", ""),
    "invitation_needed": ("要有群里的人邀请，把邀请码填上", "somebody inside has to invite you; enter the code"),
    "questions": ("请回答几个小问题", "please answer a few questions"),
    "being_read": ("已收到，两天内答复", "received; an answer within two days"),
    "declined": ("这次没有通过", "not this time"),
    "deed_missing": ("做到之后自动通过", "passes by itself once done"),
    "task": ("做完说一声", "tell us when it is done"),
    "being_looked_at": ("已收到，有人会来看", "received; somebody will look at it"),
    "task_not_met": ("这次没有通过", "not this time"),
    "paid_membership_needed": (
        "要有正在生效的付费会员；开通后自动通过", "needs a running paid membership; passes by itself then",
    ),
    "fee_later": ("别的都过了再付：到店付 {fee}", "once the rest is done: {fee} at the store"),
    "fee_due": ("到店付 {fee}，收银记下就通过", "pay {fee} at the store; passes once the till has noted it"),
    "rules": ("看过群规并同意", "read the rules and accept them"),
}  # fmt: skip


DUE = ("等付款", "waiting for payment")


@dataclass(frozen=True)
class GateCard:
    """One gate as people read it before they try it."""

    code: str
    label: Said
    hint: Said
    settings: dict[str, Any]
    decided_by_us: bool


@dataclass(frozen=True)
class AskCard:
    """One question of a gate, ready to be rendered."""

    name: str
    kind: str
    label: Said
    choices: tuple[str, ...]
    required: bool


@dataclass(frozen=True)
class StepCard:
    """One step as both sides see it."""

    gate: str
    label: Said
    standing: Standing
    standing_label: Said
    why: Said
    code: str
    asks: tuple[AskCard, ...]


@dataclass(frozen=True)
class RulesCard:
    """One version of the rules."""

    number: int
    lines: tuple[str, ...]
    mandatory: bool
    note: str
    takes_effect_at: datetime
    published_at: datetime


@dataclass(frozen=True)
class PartCard:
    """Somebody in a part, under the name they serve by. `member` is False for staff."""

    id: UUID
    part: Part
    label: Said
    duty: Said
    name: str
    specialty: str
    member: bool
    since: datetime
    until: datetime


@dataclass(frozen=True)
class ContainerCard:
    """Where people meet."""

    id: UUID
    kind: ContainerKind
    label: Said
    name: str
    external_id: str
    store_name: str
    keeper: str


def gate_card(row: GateRow) -> GateCard:
    """A gate in words; a task is said as what is to be done."""
    gate = GATES[row.gate]
    task = str(row.settings.get("zh", "")) if row.gate == "task" else ""
    hint = (task, str(row.settings.get("en") or task)) if task else (gate.hint_zh, gate.hint_en)
    if "fee_fen" in row.settings:
        hint = _fee_hint(row.settings)
    return GateCard(gate.code, (gate.zh, gate.en), hint, dict(row.settings), gate.decided_by_us)


def _fee_hint(settings: dict[str, Any]) -> Said:
    """What joining costs and what one gets for it."""
    fee, back = _shown(settings["fee_fen"]), settings.get("voucher_fen", 0)
    if not back:
        return f"到店付一次 {fee}", f"{fee}, once, at the store"
    return (
        f"到店付一次 {fee}，入群返 {_shown(back)} 券",
        f"{fee}, once; a voucher of {_shown(back)} on joining",
    )


def _shown(fen: int) -> str:
    return money.show(fen, the_brand().currency)


def step_cards(way: Way) -> tuple[StepCard, ...]:
    """All steps, the rules last."""
    return tuple(_step(one) for one in way.steps)


def fresh_steps(rows: Iterable[GateRow]) -> tuple[StepCard, ...]:
    """The gates as they stand before anybody has tried them."""
    cards = []
    for row in rows:
        asks = GATES[row.gate].asks(row.settings)
        fee = int(row.settings.get("fee_fen", 0))
        cards.append(_step(Step(row.gate, Standing.YOURS, "fee_later" if fee else "", asks, fee)))
    return tuple(cards)


def _step(one: Step) -> StepCard:
    gate = GATES.get(one.gate)
    label = ("群规", "rules of the house") if one.gate == RULES or gate is None else (gate.zh, gate.en)
    asks = tuple(AskCard(a.name, a.kind, (a.zh, a.en), a.choices, a.required) for a in one.asks)
    zh, en = CODES[one.code]
    if one.fen:
        fee = _shown(one.fen)
        zh, en = zh.format(fee=fee), en.format(fee=fee)
    stands = DUE if one.code == "fee_due" else STANDING_LABELS[one.standing]
    return StepCard(one.gate, label, one.standing, stands, (zh, en), one.code, asks)


def rules_card(row: RuleSet) -> RulesCard:
    """A version as it is shown."""
    return RulesCard(
        row.number, tuple(row.lines), row.mandatory, row.note, row.takes_effect_at, row.published_at
    )


def part_cards(rows: Iterable[PartTerm]) -> list[PartCard]:
    """Terms as people see them: a persona instead of a name where there is one."""
    return [
        PartCard(
            id=row.public_id,
            part=Part(row.part),
            label=(PARTS[Part(row.part)].zh, PARTS[Part(row.part)].en),
            duty=(row.duty, row.duty)
            if row.duty
            else (PARTS[Part(row.part)].duty_zh, PARTS[Part(row.part)].duty_en),
            name=row.shown_as
            or (row.staff.name if row.staff is not None else row.person.nickname if row.person else ""),
            specialty=row.specialty,
            member=row.person_id is not None,
            since=row.since,
            until=row.until,
        )
        for row in rows
    ]


def container_label(kind: str) -> Said:
    """What a container is called."""
    return CONTAINER_LABELS[ContainerKind(kind)]


def purpose_of(row: Community) -> dict[str, str]:
    """The job to be done, part by part."""
    return {key: str(row.purpose.get(key, "")) for key in ("who", "when", "wants", "so_that", "proof")}

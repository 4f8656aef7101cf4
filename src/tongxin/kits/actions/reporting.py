"""What stores tell headquarters: a step that does not work here, what materials really cost, a warning that was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.kits import queries
from tongxin.kits.models import Actual, RecallWarning, StepReport, Use
from tongxin.kits.terms import ADOPTERS, SENTENCE_MOST, Standing
from tongxin.stores.models import Store

USED_MOST, COST_MOST = 1_000_000, 1_000_000_00  # of one material, in its unit and in fen
STEPS = ("outline", "checklist", "materials", "warmup", "roles", "safety")


def report_step(
    *, viewer: Viewer, version_id: UUID | str, store: Store, step: str, sentence: str = ""
) -> StepReport:
    """“这一步在我店行不通”: one tap; a sentence may say why. `step` is a row of the version (`outline.mix`).

    Refuses `absent`, `kits.no_field`, `kits.reported` while the last one of this store and step has no answer.
    """
    if not viewer.reaches(store.pk, ADOPTERS):
        raise Refused("absent")
    with transaction.atomic():
        version = queries.access_version(viewer, version_id)
        part, _, key = step.partition(".")
        if part not in STEPS or all(row["key"] != key for row in version.content[part]):
            raise Refused("kits.no_field", field=step[:60])
        try:
            with transaction.atomic():
                made = StepReport.objects.create(
                    version=version,
                    store=store,
                    step=step,
                    sentence=sentence.strip()[:SENTENCE_MOST],
                    by=viewer.name,
                    at=clock.now(),
                )
        except IntegrityError:
            raise Refused("kits.reported") from None
        trail(
            viewer=viewer,
            act="kits.step_reported",
            subject=("kits", "kit", str(version.kit.public_id)),
            after={"version": version.number, "store": store.code, "step": step},
        )
    return made


def answer_report(*, viewer: Viewer, report_id: UUID | str, answer: str) -> StepReport:
    """Headquarters answers; the store reads it. Refuses `absent`, `kits.reason_missing`, `kits.answered`."""
    said = answer.strip()[:SENTENCE_MOST]
    if not said:
        raise Refused("kits.reason_missing")
    with transaction.atomic():
        found = queries.access_report(viewer, report_id, Verb.DECIDE)
        row = StepReport.objects.select_for_update(of=("self",)).get(pk=found.pk)
        if row.answered_at is not None:
            raise Refused("kits.answered")
        row.answer, row.answered_by, row.answered_at = said, viewer.name, clock.now()
        row.save(update_fields=["answer", "answered_by", "answered_at"])
        trail(
            viewer=viewer,
            act="kits.report_answered",
            subject=("kits", "report", str(row.public_id)),
            after={"step": row.step},
        )
    return row


@dataclass(frozen=True)
class Spent:
    """What one material came to: how much of it, in the kit's unit, and what it cost."""

    material: str
    quantity: int
    fen: int


def record_costs(*, viewer: Viewer, room: str, key: str, spent: Sequence[Spent]) -> Use:
    """What materials really cost at an event, beside the plan; a second number for the same material takes the first's place.

    Refuses `absent`, `kits.costs` for a material that the kit has not, or a number below nothing or beyond sense.
    """
    with transaction.atomic():
        use = queries.access_use(viewer, room, key, Verb.CHANGE)
        known = {row["key"] for row in use.version.content["materials"]}
        for one in spent:
            if one.material not in known or not (
                0 <= one.quantity <= USED_MOST and 0 <= one.fen <= COST_MOST
            ):
                raise Refused("kits.costs", field=one.material[:24])
        if use.standing == Standing.CANCELLED or not spent:
            raise Refused("kits.costs", field="")
        Actual.objects.bulk_create(
            [
                Actual(
                    use=use,
                    material=one.material,
                    quantity=one.quantity,
                    fen=one.fen,
                    by=viewer.name,
                    at=clock.now(),
                )
                for one in spent
            ],
            update_conflicts=True,
            unique_fields=["use", "material"],
            update_fields=["quantity", "fen", "by", "at"],
        )
        trail(
            viewer=viewer,
            act="kits.costs_recorded",
            subject=("kits", "use", str(use.public_id)),
            after={"fen": sum(one.fen for one in spent), "materials": len(spent)},
        )
    return use


def see_warning(*, viewer: Viewer, warning_id: UUID | str) -> RecallWarning:
    """The champion has read that a kit was recalled. Said twice it changes nothing. Refuses `absent`."""
    with transaction.atomic():
        found = queries.access_warning(viewer, warning_id, Verb.CHANGE)
        row = RecallWarning.objects.select_for_update().get(pk=found.pk)
        if row.seen_at is None:
            row.seen_at, row.seen_by = clock.now(), viewer.name
            row.save(update_fields=["seen_at", "seen_by"])
            trail(
                viewer=viewer,
                act="kits.warning_seen",
                subject=("kits", "warning", str(row.public_id)),
                after={},
            )
    return row

"""Runs of imports: where each file stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from tongxin.commerce.models import ImportRun
from tongxin.commerce.terms import RunState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail


@dataclass(frozen=True)
class Progress:
    """What one step of an import adds to its run."""

    position: int = 0
    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    warnings: Mapping[str, int] = field(default_factory=dict)


def begin_run(
    *, viewer: Viewer, table: str, source: str, sha256: str, lake: str, file_name: str
) -> ImportRun:
    """The run of this file: a new one, or the one that was begun before and is taken up again."""
    run, _ = ImportRun.objects.get_or_create(
        sha256=sha256,
        table=table,
        source=source,
        lake=lake,
        defaults={"file_name": file_name[:200], "by": viewer.name, "started_at": clock.now()},
    )
    return run


def restart_run(*, run: ImportRun) -> None:
    """Read the file from its first row again, as the same arrival: for a file of which rows were refused last time."""
    ImportRun.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING,
        position=0,
        rows=0,
        new=0,
        changed=0,
        same=0,
        refused=0,
        warnings=[],
        finished_at=None,
    )
    run.refresh_from_db()


def advance_run(*, run: ImportRun, step: Progress, act: Callable[[], Any] | None = None) -> None:
    """Add a step to a run; `act` (the step's own writes to PostgreSQL) belongs to the same transaction."""
    with transaction.atomic():
        if act is not None:
            act()
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        for name in ("position", "rows", "new", "changed", "same", "refused"):
            setattr(locked, name, getattr(locked, name) + getattr(step, name))
        said = dict(locked.warnings)
        for text, times in step.warnings.items():
            said[text] = said.get(text, 0) + times
        locked.warnings = [[text, times] for text, times in said.items()]
        locked.save()
    run.refresh_from_db()


def finish_run(*, viewer: Viewer, run: ImportRun, state: RunState, refused_file: str = "") -> None:
    """Close a run and write it into the trail."""
    with transaction.atomic():
        run.state, run.refused_file, run.finished_at = state, refused_file, clock.now()
        run.save(update_fields=["state", "refused_file", "finished_at"])
        trail(
            viewer=viewer,
            act="commerce.imported",
            subject=("commerce", "import", str(run.public_id)),
            after={
                "table": run.table,
                "source": run.source,
                "state": str(state),
                "sha256": run.sha256,
                "new": run.new,
                "changed": run.changed,
                "same": run.same,
                "refused": run.refused,
            },
        )

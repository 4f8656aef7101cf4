"""One file, one run: read, type, hand to its home, remember how far. Kept apart from `actions`, which decides what to run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import DatabaseError, transaction

from tongxin.commerce.actions import Progress, advance_run, begin_run, finish_run, restart_run
from tongxin.commerce.lake_commit import FULL
from tongxin.commerce.lake_layout import LAKE
from tongxin.commerce.models import ImportRun
from tongxin.commerce.terms import RunState
from tongxin.connect.files import cells, mapping
from tongxin.connect.files.loading import WIDTHS, Frame, Step, Target, load
from tongxin.connect.files.reading import Batch, Opened
from tongxin.connect.files.report import Fault, Report, Tally
from tongxin.connect.files.writing import write_csv, write_xlsx
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.sheets import safe

if TYPE_CHECKING:
    from tongxin.commerce.lake import Writer

#: rows of one merge into the lake: each merge rewrites the months it touches
CHUNK = 500_000
#: refused rows go to a sheet while one can be handled with pleasure, beyond that to CSV
SHEET_ROWS = 100_000

DISK_FULL = "53100"


@dataclass(frozen=True)
class Setting:
    """What all files of one import share."""

    viewer: Viewer
    source: str
    folder: Path
    lake: str
    writer: Writer | None
    dry_run: bool = False
    advance: Callable[[int], None] = lambda _: None


@dataclass
class Outcome:
    """A file that has been read to its end: its report, its run, and what of the lake changed."""

    report: Report
    run: ImportRun | None = None
    months: frozenset[str] = frozenset()
    everywhere: bool = False


@dataclass
class _Chunk:
    """Rows that wait to be handed over together."""

    frames: list[Frame]
    raws: list[tuple[list[int], list[pa.Array]]]
    faults: int = 0
    position: int = 0

    @property
    def rows(self) -> int:
        return sum(len(frame) for frame in self.frames)


@dataclass(frozen=True)
class _Reading:
    """A file that is being read: what it is, how it is understood, what was wrong with it."""

    opened: Opened
    mapped: mapping.Mapping
    tally: Tally
    journal: _Journal


def run_file(opened: Opened, mapped: mapping.Mapping, setting: Setting) -> Outcome:
    """Read a file into its table. The same file again is nothing to do; one that was cut short goes on where it stopped."""
    table = mapped.table.name
    run, target, position = _begin(opened.sha256, opened.name, table, setting)
    if run is not None and run.state == RunState.DONE:
        return Outcome(same_file(opened.name, run))
    reading = _Reading(opened, mapped, Tally(opened.name), _Journal(setting.folder, run, opened))
    for sentence in opened.warnings:
        reading.tally.warn(sentence)
    total = Outcome(Report("", "", ""), run, everywhere=position > 0)
    counts = Step()
    for chunk in _chunks(reading, position, CHUNK if table in LAKE else 50_000):
        step = _hand_over(reading, chunk, target, run)
        _add(counts, step)
        total.months |= step.months
        total.everywhere |= step.everywhere
        setting.advance(chunk.position)
    total.report = _report(reading, run, counts, setting)
    if run is not None and (refused := reading.journal.finish()):
        total.report = _with(total.report, refused_file=str(refused))
    return total


def finished(sha256: str, table: str, setting: Setting) -> ImportRun | None:
    """The run of a file that was imported whole before, with every row taken; None when there is something to do."""
    found = ImportRun.objects.filter(
        sha256=sha256,
        table=table,
        source=setting.source,
        lake=setting.lake if table in LAKE else "",
        state=RunState.DONE,
        refused=0,
    )
    return None if setting.dry_run else found.first()


def run_table(
    name: str, table: str, sha256: str, columns: pa.Table, setting: Setting, *, refused: int = 0
) -> Outcome:
    """Take a typed table in: the way of named data sets, which need no reading. `refused` rows were found before."""
    run, target, position = _begin(sha256, name, table, setting)
    if run is not None and run.state == RunState.DONE:
        return Outcome(same_file(name, run))
    tally = Tally(name)
    rows = columns.num_rows
    if position < rows or refused:
        frame = Frame(table, {name: columns.column(name) for name in columns.column_names}, range(rows))
        step = _apply(frame, target, run, Progress(position=rows, rows=rows + refused, refused=refused))
        for sentence, times in step.warnings.items():
            tally.warn(sentence, times)
    else:
        step = Step(everywhere=True)
    setting.advance(rows)
    state = "dry_run" if setting.dry_run else "done"
    counts = (run.new, run.changed, run.same) if run is not None else (step.new, step.changed, step.same)
    report = Report(name, table, state, rows, *counts, warnings=tally.sentences(), source=setting.source)
    return Outcome(report, run, step.months, step.everywhere or position > 0)


def close(outcome: Outcome, viewer: Viewer) -> None:
    """Mark a run as done: after the daily summary, so that a run cut short before it is taken up again."""
    if outcome.run is not None and outcome.run.state != RunState.DONE:
        finish_run(
            viewer=viewer, run=outcome.run, state=RunState.DONE, refused_file=outcome.report.refused_file
        )


def _begin(sha256: str, name: str, table: str, setting: Setting) -> tuple[ImportRun | None, Target, int]:
    if setting.dry_run:
        ahead = ImportRun.objects.order_by("-id").values_list("id", flat=True).first() or 0
        return None, Target(setting.viewer, setting.source, ahead + 1, True, setting.writer), 0
    lake = setting.lake if table in LAKE else ""
    run = begin_run(
        viewer=setting.viewer, table=table, source=setting.source, sha256=sha256, lake=lake, file_name=name
    )
    if run.state == RunState.DONE and run.refused:
        restart_run(run=run)
    return run, Target(setting.viewer, setting.source, run.pk, False, setting.writer), run.position


def _chunks(reading: _Reading, skip: int, size: int) -> Iterator[_Chunk]:
    chunk = _Chunk([], [])
    for batch in reading.opened.batches(skip):
        for fault in batch.broken:
            reading.tally.refuse(fault)
            reading.journal.keep(fault.row, fault.reason, [])
        frame, raw, refused = _typed(reading, batch)
        chunk.frames.append(frame)
        chunk.raws.append(raw)
        chunk.faults += refused + len(batch.broken)
        chunk.position += len(batch.numbers) + len(batch.broken)
        if chunk.rows >= size:
            yield chunk
            chunk = _Chunk([], [])
    if chunk.position:
        yield chunk


def _typed(reading: _Reading, batch: Batch) -> tuple[Frame, tuple[list[int], list[pa.Array]], int]:
    """The good rows of a batch, typed; the bad ones go to the journal with every fault they have."""
    opened, tally = reading.opened, reading.tally
    table = reading.mapped.table.name
    widths = WIDTHS.get(table, {})
    columns: dict[str, pa.Array] = {}
    wrong: dict[int, list[Fault]] = {}
    for used in reading.mapped.used:
        made = cells.convert(used.column, batch.columns[used.place], fen=used.fen)
        columns[used.column.stored] = made.values
        found = list(made.faults)
        if used.column.need == "required":
            bad = {place for place, *_ in found}
            empty = pc.indices_nonzero(pc.is_null(made.values)).to_pylist()
            found += [(place, "empty", "a value") for place in empty if place not in bad]
        if (widest := widths.get(used.column.name)) is not None:
            long = pc.fill_null(pc.greater(pc.utf8_length(made.values), widest), False)
            found += [
                (place, "too long", f"at most {widest} characters")
                for place in pc.indices_nonzero(long).to_pylist()
            ]
        for place, what, allowed in found:
            fault = Fault(opened.name, batch.numbers[place], used.header, what, allowed)
            wrong.setdefault(place, []).append(fault)
        tally.warn(f"“{used.header}”里有脱敏或损坏的号码，没有导入这些号码", made.blanked)
        if cells.is_code(used.column):
            times = batch.from_numbers.get(used.place, 0)
            tally.warn(f"“{used.header}”在表格里存成了数字：前导零可能已丢失，请核对", times)
    for place in sorted(wrong):
        tally.refuse(wrong[place][0])
        for fault in wrong[place][1:]:
            tally.faults.append(fault)
        reading.journal.keep(
            batch.numbers[place], "；".join(f.reason for f in wrong[place]), _cells(batch.columns, place)
        )
    frame = Frame(table, columns, batch.numbers)
    raw = list(batch.columns)
    if wrong:
        mask = pa.array([place not in wrong for place in range(len(frame))], pa.bool_())
        frame = frame.only(mask)
        raw = [column.filter(mask) for column in raw]
    return frame, (list(frame.numbers), raw), len(wrong)


def _hand_over(reading: _Reading, chunk: _Chunk, target: Target, run: ImportRun | None) -> Step:
    tally, table = reading.tally, reading.mapped.table.name
    numbers = [number for frame in chunk.frames for number in frame.numbers]
    names = chunk.frames[0].columns
    joined = {
        name: pa.chunked_array([f.columns[name] for f in chunk.frames]).combine_chunks() for name in names
    }
    frame = Frame(table, joined, numbers)
    rows = len(frame) + chunk.faults
    step = _apply(frame, target, run, Progress(position=chunk.position, rows=rows, refused=chunk.faults))
    places = _Places(chunk)
    for place, column, found, allowed in step.refusals:
        fault = Fault(tally.file, numbers[place], column, found, allowed)
        tally.refuse(fault)
        reading.journal.keep(fault.row, fault.reason, places.cells(place))
    for sentence, times in step.warnings.items():
        tally.warn(sentence, times)
    return step


def _apply(frame: Frame, target: Target, run: ImportRun | None, progress: Progress) -> Step:
    """Load a frame and move the run on. For tables of PostgreSQL both are one transaction; the lake's merges can be repeated."""
    if run is None:
        if frame.table in LAKE:
            return load(frame, target)
        with transaction.atomic():
            step = load(frame, target) if len(frame) else Step()
            transaction.set_rollback(True)
        return step
    if frame.table in LAKE:
        step = load(frame, target) if len(frame) else Step()
        advance_run(run=run, step=_progress(progress, step))
        return step
    with transaction.atomic():
        step = load(frame, target) if len(frame) else Step()
        advance_run(run=run, step=_progress(progress, step))
    return step


def _progress(base: Progress, step: Step) -> Progress:
    return Progress(
        base.position,
        base.rows,
        step.new,
        step.changed,
        step.same,
        base.refused + len({place for place, *_ in step.refusals}),
        step.warnings,
    )


def _add(counts: Step, step: Step) -> None:
    counts.new += step.new
    counts.changed += step.changed
    counts.same += step.same


def _report(reading: _Reading, run: ImportRun | None, counts: Step, setting: Setting) -> Report:
    opened, mapped, tally = reading.opened, reading.mapped, reading.tally
    said = tally.sentences()
    if run is not None:
        new, changed, same, refused, rows = run.new, run.changed, run.same, run.refused, run.rows
    else:
        new, changed, same, refused = counts.new, counts.changed, counts.same, tally.refused
        rows = new + changed + same + refused
    return Report(
        file=opened.name,
        table=mapped.table.name,
        state="dry_run" if setting.dry_run else "done",
        rows=rows,
        new=new,
        changed=changed,
        same=same,
        refused=refused,
        faults=tuple(sorted(tally.faults, key=lambda fault: fault.row)),
        warnings=said,
        encoding=opened.encoding,
        source=setting.source,
        aside=mapped.aside,
        run="" if run is None else str(run.public_id),
    )


def _with(report: Report, **changes: Any) -> Report:
    return Report(**report.__dict__ | changes)


def same_file(name: str, run: ImportRun) -> Report:
    return Report(
        name, run.table, "same_file", run.rows, 0, 0, run.rows, source=run.source, run=str(run.public_id)
    )


def _cells(columns: Iterable[pa.Array], place: int) -> list[str]:
    return [cells.shown(column[place].as_py()) for column in columns]


class _Places:
    """Finds the raw cells of a row of a joined frame."""

    def __init__(self, chunk: _Chunk) -> None:
        self._raws = chunk.raws

    def cells(self, place: int) -> list[str]:
        for numbers, columns in self._raws:
            if place < len(numbers):
                return _cells(columns, place)
            place -= len(numbers)
        return []


class _Journal:
    """Refused rows while a file is read: appended row by row, so that a run cut short has lost none; a sheet at the end."""

    def __init__(self, folder: Path, run: ImportRun | None, opened: Opened) -> None:
        self._headers = opened.headers
        self._file = None if run is None else folder / f"{run.public_id}.refused.jsonl"
        self._stem = (
            folder / f"错误行-{Path(opened.name).stem[:80]}-{'' if run is None else str(run.public_id)[:8]}"
        )
        if self._file is not None and run is not None and run.position == 0:
            self._file.unlink(missing_ok=True)
            for old in self._sheets():
                old.unlink(missing_ok=True)

    def _sheets(self) -> tuple[Path, Path]:
        return self._stem.with_name(f"{self._stem.name}.xlsx"), self._stem.with_name(f"{self._stem.name}.csv")

    def keep(self, row: int, reason: str, values: list[str]) -> None:
        """Write a refused row down. A dry run keeps none."""
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(self._file, "a", opener=_private) as file:
            file.write(json.dumps([row, reason, values], ensure_ascii=False) + "\n")

    def finish(self) -> Path | None:
        """The file of refused rows with a reason column, or None when there are none."""
        if self._file is None:
            return None
        if (
            not self._file.exists()
        ):  # nothing was refused, or an earlier try that was cut short has made the sheet
            return next((sheet for sheet in self._sheets() if sheet.exists()), None)
        rows: dict[int, list[str]] = {}
        for line in self._file.read_text().splitlines():
            with suppress(ValueError):  # a line that a crash cut off; its row is read again
                row, reason, values = json.loads(line)
                rows[row] = [*values, *[""] * (len(self._headers) - len(values)), str(row), reason]
        ordered = [[safe(value) for value in rows[row]] for row in sorted(rows)]
        headers = [*(safe(header) for header in self._headers), "行号", "原因"]
        as_sheet, as_csv = self._sheets()
        target, write = (as_sheet, write_xlsx) if len(ordered) <= SHEET_ROWS else (as_csv, write_csv)
        write(target, headers, ordered)
        self._file.unlink()
        return target


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@contextmanager
def speaking_of_space() -> Iterator[None]:
    """A full disk, wherever it shows, becomes `Refused("no_space")`."""
    try:
        yield
    except DatabaseError as fault:
        if getattr(fault.__cause__, "sqlstate", None) == DISK_FULL:
            raise Refused("no_space") from fault
        raise
    except OSError as fault:
        if fault.errno in FULL:
            raise Refused("no_space") from fault
        raise

"""What an import says about itself: faults with their place, counts, and where the refused rows lie."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SHOWN = 20


@dataclass(frozen=True)
class Fault:
    """One thing wrong: file, row (1 = first line of the file; 0 = the whole file), column, what was found, what is allowed."""

    file: str
    row: int
    column: str
    found: str
    allowed: str

    def line(self) -> str:
        """One line for a terminal: `orders.csv:12 total_paid: '12,5O' (allowed: …)`."""
        place = self.file + (f":{self.row}" if self.row else "")
        column = f" {self.column}" if self.column else ""
        tail = f" (allowed: {self.allowed})" if self.allowed else ""
        return f"{place}{column}: {self.found}{tail}"

    @property
    def reason(self) -> str:
        """The same for the reason column of the file of refused rows."""
        return (
            f"{self.column}：{self.found}；应为：{self.allowed}"
            if self.allowed
            else f"{self.column}：{self.found}"
        )


class BadFile(Exception):
    """A file (not a row of it) that cannot be imported. Carries every fault that was found."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(fault.line() for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Report:
    """What one file did, or in a dry run would do.

    `state`: done, same_file (imported before, nothing to do), dry_run, refused (nothing was imported; see `faults`).
    """

    file: str
    table: str
    state: str
    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    faults: tuple[Fault, ...] = ()
    warnings: tuple[str, ...] = ()
    refused_file: str = ""
    encoding: str = ""
    source: str = ""
    aside: tuple[str, ...] = ()
    run: str = ""

    @property
    def ok(self) -> bool:
        """True when every row went in (or would)."""
        return self.state != "refused" and self.refused == 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; at most the first twenty faults."""
        return asdict(self) | {
            "faults": [asdict(fault) for fault in self.faults[:SHOWN]],
            "warnings": list(self.warnings),
            "aside": list(self.aside),
        }

    @classmethod
    def of(cls, values: dict[str, Any]) -> Report:
        """The report that `as_dict` wrote."""
        faults = tuple(Fault(**fault) for fault in values["faults"])
        lists = {name: tuple(values[name]) for name in ("warnings", "aside")}
        return cls(**values | {"faults": faults} | lists)


@dataclass
class Tally:
    """Faults and warnings while a file is read: the first faults in full, all of them counted."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    refused: int = 0
    warnings: dict[str, int] = field(default_factory=dict)

    def refuse(self, fault: Fault) -> None:
        """Count a refused row and keep its fault while there are few."""
        self.refused += 1
        if len(self.faults) < 1000:
            self.faults.append(fault)

    def warn(self, sentence: str, times: int = 1) -> None:
        """Say a thing once, with how often it happened."""
        if times:
            self.warnings[sentence] = self.warnings.get(sentence, 0) + times

    def sentences(self) -> tuple[str, ...]:
        """The warnings as sentences."""
        return tuple(text if n == 1 else f"{text}（{n} 处）" for text, n in self.warnings.items())


def name_of(path: Path) -> str:
    """What a file is called in reports: never the folder it lies in."""
    return path.name

"""What the fake knows: plain tables in memory, every change also a line of a journal, so a killed fake comes back as it was."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

Row = dict[str, Any]

DEFAULTS: Row = {
    "corp": "ww00000000sandbox",
    "secret": "sandbox-secret",
    "agent": 1000002,
    "token_lives": 7200,
    "minute_limit": 10_000,
    "group_size": 200,
    "lag": 0,
    "trusted": ["127.0.0.1", "::1"],
    "visible": None,
    "callback": "",
    "callback_token": "tongxin",
    "callback_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "twice": 0,
    "shuffle": 0,
    "lose": 0,
    "ahead": 0.0,
    "day_offset": 8 * 3600,
}

TABLES = (
    "settings", "departments", "users", "externals", "follows", "tag_groups", "tags", "groups", "log", "ways", "messages",
    "media", "moments", "jobs", "notices", "codes", "welcomes", "tokens", "robots", "transfers", "had",
)  # fmt: skip


class World:
    """Tables of rows by key. `put` and `drop` are the only writes; both go into the journal first."""

    def __init__(self, journal: Path | None = None, *, ticking: Callable[[], float] = time.time) -> None:
        self._ticking = ticking
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        self._file: TextIO | None = None
        self._numbers: dict[str, int] = {}
        if journal is not None:
            journal.parent.mkdir(parents=True, exist_ok=True)
            self._read(journal)
            self._file = journal.open("a", encoding="utf-8")

    def _read(self, journal: Path) -> None:
        if not journal.exists():
            return
        lines = journal.read_bytes().split(b"\n")
        whole = [line for line in lines[:-1] if line]  # the last one was cut off by the kill, or is empty
        for line in whole:
            table, key, row = json.loads(line)
            self._apply(table, key, row)
        journal.write_bytes(b"".join(line + b"\n" for line in whole))

    def _apply(self, table: str, key: str, row: Row | None) -> None:
        if table == "#":
            self._numbers[key] = (row or {})["n"]
        elif row is None:
            self.tables[table].pop(key, None)
        else:
            self.tables[table][key] = row

    def _write(self, table: str, key: str, row: Row | None) -> None:
        if self._file is not None:
            self._file.write(json.dumps([table, key, row], ensure_ascii=False) + "\n")
            self._file.flush()  # the system keeps it when only the process dies
        self._apply(table, key, row)

    def close(self) -> None:
        """No more changes."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def put(self, table: str, key: str, row: Row) -> Row:
        """A row as it is now."""
        self._write(table, key, row)
        return row

    def drop(self, table: str, key: str) -> None:
        """No such row any more."""
        self._write(table, key, None)

    def get(self, table: str, key: str) -> Row | None:
        """A row, if there is one."""
        return self.tables[table].get(key)

    def all(self, table: str) -> list[Row]:
        """Every row, oldest first."""
        return list(self.tables[table].values())

    def number(self, kind: str) -> int:
        """The next number of a kind; never given twice, not even after a kill."""
        n = self._numbers.get(kind, 0) + 1
        self._write("#", kind, {"n": n})
        return n

    def name(self, kind: str, length: int = 10) -> str:
        """The next id of a kind, in the look of the platform's."""
        return f"{kind}{self.number(kind):0{length}d}"

    def setting(self, name: str) -> Any:
        """One of the switches of DEFAULTS."""
        row = self.tables["settings"].get(name)
        return DEFAULTS[name] if row is None else row["value"]

    def set(self, name: str, value: Any) -> None:
        """Turn a switch. Raises KeyError for what is none."""
        if name not in DEFAULTS:
            raise KeyError(name)
        self.put("settings", name, {"value": value})

    def wall(self) -> float:
        """The given clock: what letters are dated by."""
        return self._ticking()

    def now(self) -> float:
        """The fake's clock in seconds: the given one and how far it was put ahead."""
        return self._ticking() + float(self.setting("ahead"))

    def day(self, at: float) -> int:
        """The number of the day (in Shanghai) of an instant."""
        return int((at + self.setting("day_offset")) // 86400)

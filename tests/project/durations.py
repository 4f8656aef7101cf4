"""What takes longest goes out first, so that no worker is left alone with a long file at the end.

`durations.txt` says in seconds what each file took that took a while; a wrong line costs time only. Files of about the same
length keep their random order, and inside every file the order is random. A file that is new is taken for a middling one: the last
ones to go out are those that are known to be short. To write it again after a whole run: `make durations`.
"""

import math
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("durations.txt")
LEAST, UNKNOWN = 0.5, 3.0


def known() -> dict[str, float]:
    """Seconds by file."""
    lines = (line.split() for line in KEPT.read_text().splitlines())
    return {name: float(seconds) for seconds, name in lines}


def place(seconds: float) -> int:
    """Where a file stands: twice as long is one place earlier."""
    return -math.floor(math.log2(seconds))


def read(report: Path) -> Counter[str]:
    """Seconds by file, from the report that pytest wrote of a run (`--junitxml`)."""
    took: Counter[str] = Counter()
    for case in ET.parse(report).iter("testcase"):
        parts = case.get("classname", "").split(".")
        for n in range(len(parts), 0, -1):
            name = "/".join(parts[:n]) + ".py"
            if (ROOT / name).exists():
                took[name] += float(case.get("time", "0"))
                break
    return took


def written(took: dict[str, float]) -> str:
    """The longest first."""
    rows = sorted(((seconds, name) for name, seconds in took.items() if seconds >= LEAST), reverse=True)
    return "".join(f"{seconds:6.1f} {name}\n" for seconds, name in rows)


if __name__ == "__main__":
    KEPT.write_text(written(read(Path(sys.argv[1]))))

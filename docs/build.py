"""Write the pages that come from the code: glossary, tables of the import, the permission table. `make docs`.

`python docs/build.py --check` says which page is stale instead of writing.
"""

import doctest
import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType

os.environ["DJANGO_SETTINGS_MODULE"] = "tongxin.project.settings"
os.environ["TONGXIN_NO_DATABASE"] = "1"

DOCS = Path(__file__).parent
SOURCE = DOCS.parent / "src" / "tongxin"
MADE = "<!-- made by make docs from the code; change the code -->\n\n"


def glossary() -> str:
    """Every word of every `terms.py` and `terms_*.py`, room by room, with its labels, and the closed list of deeds."""
    parts = [f"{MADE}# Glossary\n\nThe words of the product, as the code defines them.\n"]
    for room, files in rooms_of_words():
        tables = [table for dotted in files for table in _enums(importlib.import_module(dotted), dotted)]
        if tables:
            parts.append(f"\n## {room}\n")
            parts += tables
    from tongxin.people.facts import DEEDS

    rows = [f"| `{d.code}` | {d.zh} | {d.en} | {d.weight} | {d.half_life_days} |" for d in DEEDS]
    parts.append(
        "\n## Deeds (the closed list of the book)\n\n| code | 中文 | English | weight | half-life, days |\n|---|---|---|---:|---:|\n"
        + "\n".join(rows)
        + "\n"
    )
    from tongxin.project.wiring import ACTS

    rows = [f"| `{act}` | {zh} |" for act, zh in sorted(ACTS.items())]
    parts.append(
        "\n## Acts (audit trail and webhooks)\n\n| act | 中文 |\n|---|---|\n" + "\n".join(rows) + "\n"
    )
    return "".join(parts)


def rooms_of_words() -> list[tuple[str, list[str]]]:
    """Each room with the modules its words stand in: `terms.py` first, then `terms_<subject>.py`."""
    rooms: dict[str, list[str]] = {}
    for file in sorted([*SOURCE.rglob("terms.py"), *SOURCE.rglob("terms_*.py")]):
        where = file.relative_to(SOURCE)
        rooms.setdefault(".".join(where.parent.parts), []).append(
            ".".join(("tongxin", *where.with_suffix("").parts))
        )
    return list(rooms.items())


def _enums(module: object, dotted: str) -> Iterator[str]:
    for enum in vars(module).values():
        if isinstance(enum, type) and issubclass(enum, Enum) and enum.__module__ == dotted:
            labels = _labels(module, enum)
            rows = []
            for member in enum:
                zh, en = labels.get(member, ("", ""))
                rows.append(f"| `{member.value}` | {zh} | {en} |")
            said = (enum.__doc__ or "").strip().splitlines()[0]
            yield (
                f"\n**{enum.__name__}**: {said}\n\n| word | 中文 | English |\n|---|---|---|\n"
                + "\n".join(rows)
                + "\n"
            )


def _labels(module: object, enum: type[Enum]) -> dict[Enum, tuple[str, str]]:
    """Labels stand in a dictionary beside the enum: member → (中文, English), or → 中文."""
    for table in vars(module).values():
        if isinstance(table, dict) and table and all(isinstance(key, enum) for key in table):
            values = list(table.values())
            if all(
                isinstance(v, tuple) and len(v) == 2 and all(isinstance(w, str) for w in v) for v in values
            ):
                return table
            if all(isinstance(v, str) for v in values):
                return {key: (value, "") for key, value in table.items()}
    return {}


def tables() -> str:
    """数据导入字段手册: the twelve canonical tables."""
    from tongxin.compass.tables import TABLES
    from tongxin.connect.files.mapping import ALIASES

    parts = [
        f"{MADE}# 数据导入字段手册\n\n"
        "十二张表。表头用英文名，或常见中文叫法（订单号、实收、会员号、门店编码……）都认得；不认得的列放在一边，在报告里列出。\n"
        "金额用元、最多两位小数，或列名加 `_fen` 用整数分。没写时区的时间按 Asia/Shanghai。编码一律按文字处理，前导零保留。\n\n"
        "导入一律先预演（`--dry-run`）：新增、变化、相同、拒收各多少；拒收的行写进错误行文件，带原因。\n"
    ]
    need = {"required": "必填", "recommended": "建议", "optional": "可选"}
    for table in TABLES.values():
        parts.append(
            f"\n## {table.name}\n\n键：{'、'.join(f'`{k}`' for k in table.key)}\n\n| 列 | 也认得 | 类型 | 要求 | 说明 |\n|---|---|---|---|---|\n"
        )
        for column in table.columns:
            values = getattr(column, "values", ()) or ()
            note = "；".join(x for x in (" / ".join(f"`{v}`" for v in values), column.note) if x)
            also = "、".join(ALIASES.get(table.name, {}).get(column.name, ())[:4])
            parts.append(
                f"| `{column.name}` | {also} | {column.kind} | {need.get(str(column.need), column.need)} | {note} |\n"
            )
    parts.append(_mini_shop())
    return "".join(parts)


def _mini_shop() -> str:
    """The order export of a mini shop: one file, three tables."""
    from tongxin.connect.files.mini_shop import CELLS, NEEDED

    rows = "".join(
        f"| {cell.headers[0]} | {'、'.join(cell.headers[1:5])} | {'必填' if name in NEEDED else '有就用'} |\n"
        for name, cell in CELLS.items()
    )
    return (
        "\n## 小商店、微信小店的订单导出\n\n"
        "`tongxin import 导出.csv`（或 `.xlsx`；UTF-8、GB18030 都行），看表头自动认出，也可以写 `--as mini-shop`。一行一件商品；"
        "订单的列可以每行都有，也可以只在第一行。一个文件变成 `orders`、`order_lines`、`refunds` 三张表，门店没写的记在 `mini-shop`。\n\n"
        "- 金额用整数分；没有“商品实付”时，按单价 × 数量把实付减运费分到每件，一分不差。\n"
        "- 手机号只用来查是不是会员，查完不留；不是会员的，订单留着、不知道是谁。\n"
        "- 没付款的订单不导入；“退款成功”等于整件退，“部分退款”要有金额。\n"
        "- 一单里有一行不对，整单进错误行文件，写明原因。同一个文件再导入，什么也不变。\n\n"
        "列名各家后台不一样；下面没有的叫法，在文件里改表头即可。\n\n"
        "| 列 | 也认得 | 要求 |\n|---|---|---|\n" + rows
    )


def permissions() -> str:
    """The permission table, row by row."""
    from tongxin.project.permissions import TABLE

    rows = [
        f"| `{row.route}` | {row.method} | {row.verb} | {', '.join(sorted(row.roles))} | {row.scope} | {row.note} |"
        for row in TABLE
    ]
    return (
        f"{MADE}# Who may do what\n\nThe one table that every request is held against (`project/permissions.py`). How far a role reaches (which stores, "
        "which person) is decided by the query that fetches the object; what is out of reach answers as absent.\n\n"
        "| route | method | verb | roles | scope of a token | note |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def engine() -> str:
    """Reference of the compass: every public function and class of every module, its first lines, its examples (run by the tests)."""
    from tongxin import compass

    here = Path(compass.__file__).parent
    names = sorted(module.name for module in pkgutil.walk_packages([str(here)], "tongxin.compass."))
    parts = [
        f"{MADE}# The compass: reference\n\nA plain library; nothing here needs Django. Begin with `dataset.open_dataset`, "
        "`design.default_for` and `study.run`. What each measure is and is not: [guide](measures/guide.md). Full docstrings (shapes, units, "
        "errors, papers) stand in the code; the examples are run by the tests.\n"
    ]
    for name in names:
        module = importlib.import_module(name)
        said = list(_public(module))
        if said:
            about = inspect.cleandoc(module.__doc__ or "").split("\n\n")[0].replace("\n", " ")
            parts.append(f"\n## {name.removeprefix('tongxin.compass.')}\n\n{about}\n\n" + "".join(said))
    return "".join(parts)


def _public(module: ModuleType) -> Iterator[str]:
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if not (inspect.isfunction(thing) or inspect.isclass(thing)):
            continue
        text = inspect.cleandoc(thing.__doc__ or "")
        first = text.split("\n\n")[0].replace("\n", " ")
        if inspect.isfunction(thing):
            shown = f"`{name}({', '.join(inspect.signature(thing).parameters)})`"
        else:
            shown = f"**{name}**"
        yield f"- {shown}: {first}\n"
        examples = doctest.DocTestParser().get_examples(text)
        if examples:
            lines = (f"  >>> {one.source.strip()}\n  {one.want.strip()}" for one in examples)
            body = "\n".join(lines).replace("\n  >>>", "\n  >>>")
            yield f"\n  ```python\n{body}\n  ```\n\n"


def main() -> int:
    """Write the pages, or with `--check` name the stale ones and end with 1."""
    import django

    django.setup()
    stale = []
    for name, text in (
        ("glossary.md", glossary()),
        ("import.zh.md", tables()),
        ("permissions.md", permissions()),
        ("compass.md", engine()),
    ):
        page = DOCS / name
        if not page.exists() or page.read_text() != text:
            stale.append(name)
            if "--check" not in sys.argv:
                page.write_text(text)
    print(
        "stale: " + ", ".join(stale)
        if stale and "--check" in sys.argv
        else f"written: {', '.join(stale) or 'nothing new'}"
    )
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())

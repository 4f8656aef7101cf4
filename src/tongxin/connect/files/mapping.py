"""Which column of a file is which column of ours: canonical names, Chinese aliases, saved profiles by header fingerprint."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tongxin.compass.tables import TABLES, Column, Table
from tongxin.connect.files.report import BadFile, Fault

_MEMBER = ("会员号", "会员卡号", "卡号", "会员编号", "会员编码", "会员代码", "会员id")
_STORE = ("门店编码", "店号", "机构", "门店代码", "门店号", "店铺编码", "机构编码", "门店编号", "店编号")
_ORDER = ("订单号", "单号", "小票号", "流水号", "订单编号", "交易号", "销售单号", "小票流水号")
_UPDATED = ("更新时间", "修改时间", "最后更新时间", "最后修改时间")
_SKU = ("商品编码", "商品代码", "货号", "商品编号", "sku编码", "商品条码", "商品货号")
_CATEGORY = ("类别编码", "品类编码", "分类编码", "类别代码", "品类代码", "品类", "类别", "商品类别")
_MARGIN = ("毛利等级", "毛利档", "毛利级别", "毛利类别")

#: table → canonical column → other headers it is known by; compared after `plain`
ALIASES: dict[str, dict[str, tuple[str, ...]]] = {
    "stores": {
        "store_code": _STORE,
        "name": ("门店名称", "店名", "门店", "机构名称", "名称"),
        "region": ("区域", "大区", "片区"),
        "city": ("城市", "市"),
        "district": ("区县", "区", "行政区"),
        "address": ("地址", "门店地址"),
        "lat": ("纬度",),
        "lng": ("经度",),
        "opened_on": ("开业日期", "开店日期"),
        "closed_on": ("闭店日期", "关店日期"),
        "format": ("业态", "店型"),
        "wecom_department_id": ("企微部门id", "企业微信部门id"),
        "timezone": ("时区",),
    },
    "staff": {
        "staff_code": ("员工号", "工号", "员工编号", "员工编码"),
        "name": ("姓名", "员工姓名"),
        "store_code": (*_STORE, "所属门店"),
        "phone": ("手机", "手机号", "电话"),
        "role": ("角色", "岗位", "职务"),
        "wecom_userid": ("企微账号", "企业微信账号"),
        "member_code": _MEMBER,
    },
    "members": {
        "member_code": _MEMBER,
        "phone": ("手机", "手机号", "手机号码", "联系电话"),
        "unionid": ("微信unionid",),
        "wecom_external_userid": ("企微外部联系人id", "外部联系人id"),
        "name": ("姓名", "会员姓名", "昵称", "会员名"),
        "gender": ("性别",),
        "birth_year": ("出生年", "出生年份"),
        "registered_at": ("注册时间", "入会时间", "开卡时间", "开卡日期", "入会日期", "注册日期"),
        "home_store_code": ("归属门店", "所属门店", "开卡门店", "归属门店编码", *_STORE),
        "tier": ("等级", "会员等级"),
        "is_paid": ("付费会员", "是否付费会员"),
        "consent_marketing": ("营销同意", "同意营销"),
        "consent_measurement": ("效果统计同意", "同意统计"),
        "consent_at": ("同意时间",),
        "source_channel": ("来源渠道", "会员来源", "渠道"),
        "updated_at": _UPDATED,
    },
    "memberships": {
        "member_code": _MEMBER,
        "program": ("会员计划", "付费会员类型", "项目"),
        "status": ("状态",),
        "started_at": ("开始时间", "生效时间", "开始日期"),
        "ended_at": ("结束时间", "到期时间", "结束日期"),
        "fee": ("费用", "会费", "金额"),
        "auto_renew": ("自动续费", "是否自动续费"),
    },
    "categories": {
        "category_code": _CATEGORY,
        "name": ("类别名称", "品类名称", "名称", "分类名称"),
        "parent_code": ("上级编码", "父类编码", "上级类别"),
        "margin_class": _MARGIN,
        "is_private_label": ("自有品牌", "是否自有品牌"),
        "is_imported": ("进口", "是否进口"),
        "is_organic": ("有机", "是否有机"),
    },
    "products": {
        "sku": _SKU,
        "name": ("商品名称", "品名", "名称"),
        "category_code": _CATEGORY,
        "brand": ("品牌",),
        "unit_cost": ("成本", "成本价", "进价"),
        "list_price": ("标价", "售价", "零售价", "原价"),
        "margin_class": _MARGIN,
    },
    "orders": {
        "order_no": _ORDER,
        "ordered_at": (
            "下单时间",
            "交易时间",
            "销售时间",
            "订单时间",
            "日期",
            "交易日期",
            "销售日期",
            "创建时间",
        ),
        "store_code": _STORE,
        "total_paid": ("实收", "实付", "实收金额", "实付金额", "支付金额"),
        "updated_at": _UPDATED,
        "version": ("版本", "版本号"),
        "member_code": _MEMBER,
        "channel": ("渠道", "销售渠道"),
        "total_list": ("应收", "应收金额", "原价金额", "订单金额", "总金额"),
        "discount": ("优惠", "优惠金额", "折扣金额"),
        "status": ("状态", "订单状态"),
        "currency": ("币种",),
        "coupon_codes": ("优惠券", "券码", "优惠券码"),
        "staff_code": ("员工号", "收银员", "导购"),
        "link_code": ("渠道码", "渠道参数", "推广参数", "推广码", "来源参数"),
    },
    "order_lines": {
        "order_no": _ORDER,
        "line_no": ("行号", "明细号", "序号"),
        "sku": _SKU,
        "qty": ("数量", "销售数量", "件数"),
        "paid_amount": ("实收", "实付", "实收金额", "实付金额", "金额", "行金额"),
        "store_code": _STORE,
        "updated_at": _UPDATED,
        "version": ("版本", "版本号"),
        "list_amount": ("应收", "应收金额", "原价金额"),
        "cost": ("成本", "成本金额"),
        "is_gift": ("赠品", "是否赠品"),
    },
    "refunds": {
        "refund_no": ("退款单号", "退货单号", "退单号"),
        "order_no": ("原订单号", "原单号", "原小票号", *_ORDER),
        "refunded_at": ("退款时间", "退货时间", "退款日期"),
        "amount": ("退款金额", "退货金额", "金额"),
        "store_code": _STORE,
        "updated_at": _UPDATED,
        "version": ("版本", "版本号"),
        "line_no": ("行号", "明细号"),
        "qty": ("数量", "退货数量"),
        "reason": ("原因", "退款原因", "退货原因"),
    },
    "participation": {
        "member_code": _MEMBER,
        "what": ("类型", "活动类型"),
        "what_code": ("活动编码", "活动编号", "活动代码", "活动id"),
        "status": ("状态", "参与状态"),
        "happened_at": ("发生时间", "签到时间", "时间", "活动时间"),
        "registered_at": ("报名时间",),
        "store_code": _STORE,
        "kit_code": ("活动包编码", "活动包"),
        "community_code": ("社群编码", "社群"),
    },
    "surveys": {
        "member_code": _MEMBER,
        "answered_at": ("回答时间", "填写时间", "提交时间"),
        "kind": ("问卷类型", "类型"),
        "score": ("得分", "评分", "分数"),
        "what_code": ("活动编码", "活动编号"),
        "store_code": _STORE,
        "sampled": ("抽样方式", "样本"),
    },
    "ties": {
        "from_member_code": ("发起会员号", "来自会员号"),
        "to_member_code": ("对方会员号", "目标会员号"),
        "kind": ("类型", "互动类型"),
        "at": ("时间", "发生时间"),
        "community_code": ("社群编码", "社群"),
    },
}

_UNIT = re.compile(r"[(（\[【]\s*(元|分|yuan|fen|rmb|¥)\s*[)）\]】]$")


@dataclass(frozen=True)
class Used:
    """One column of a file that we take: where it stands, what it is, whether its money is written in fen."""

    place: int
    header: str
    column: Column
    fen: bool = False


@dataclass(frozen=True)
class Mapping:
    """How a file's headers were understood."""

    table: Table
    used: tuple[Used, ...]
    aside: tuple[str, ...]


def plain(header: str) -> str:
    """A header as it is compared: full-width forms folded, lower case, no blanks, no underscores, no unit in brackets.

    >>> plain(" 实收金额 （元）"), plain("Store_Code")
    ('实收金额', 'storecode')
    """
    folded = unicodedata.normalize("NFKC", header).strip().lower()
    folded = _UNIT.sub("", folded)
    return re.sub(r"[\s_*:：]+", "", folded)


def fingerprint(headers: Sequence[str]) -> str:
    """What a saved profile is found by: the headers of a file, in order."""
    return hashlib.sha256("\x1f".join(plain(h) for h in headers).encode()).hexdigest()[:16]


def understand(
    file: str, row: int, headers: Sequence[str], table: Table, profile: dict[str, str] | None = None
) -> Mapping:
    """Pair headers with the columns of a table. A profile (header → column, "" = leave out) goes before all else.

    Raises BadFile naming each missing required column and each column that two headers claim.
    """
    names = _names(table)
    chosen: dict[str, list[Used]] = {}
    aside = []
    for place, header in enumerate(headers):
        canonical, fen = _meant(header, table, names, profile or {})
        if canonical is None:
            if header.strip():
                aside.append(header.strip())
            continue
        chosen.setdefault(canonical, []).append(Used(place, header.strip(), table.column(canonical), fen))
    faults = []
    used: list[Used] = []
    for column in table.columns:
        claims = chosen.get(column.name, [])
        exact = [c for c in claims if plain(c.header) in (plain(column.name), plain(column.stored))]
        claims = exact if len(exact) == 1 else claims
        if len(claims) > 1:
            both = " / ".join(c.header for c in claims)
            faults.append(Fault(file, row, column.name, f"two columns for it: {both}", "one"))
        elif claims:
            aside += [c.header for c in chosen[column.name] if c is not claims[0]]
            used.append(claims[0])
        elif column.need == "required":
            also = ALIASES[table.name].get(column.name, ())[:4]
            found = "missing; found " + (", ".join(h.strip() for h in headers if h.strip()) or "no header")
            faults.append(Fault(file, row, column.name, found, " / ".join((*column.headers, *also))))
    if faults:
        raise BadFile(*faults)
    return Mapping(table, tuple(used), tuple(aside))


def guess_table(file: str, headers: Sequence[str]) -> str:
    """The table a file holds: by its name (`orders_2026-03.csv`, `会员.xlsx`), otherwise by its headers.

    Raises BadFile when no table, or more than one, fits equally well.
    """
    stem = plain(Path(file).stem)
    named = [name for name in TABLES if stem == plain(name)] or sorted(
        (name for name in TABLES if stem.startswith(plain(name))), key=len, reverse=True
    )[:1]
    named = named or [name for name, words in FILE_WORDS.items() if any(word in stem for word in words)][:1]
    if named:
        return named[0]
    scores = {}
    for name, table in TABLES.items():
        hits = {
            canonical for canonical, _ in (_meant(h, table, _names(table), {}) for h in headers) if canonical
        }
        if all(column.name in hits for column in table.needed("required")):
            scores[name] = len(hits)
    best = [name for name, score in scores.items() if score == max(scores.values())]
    if len(best) != 1:
        found = ", ".join(h.strip() for h in headers if h.strip()) or "no header"
        raise BadFile(
            Fault(
                file,
                1,
                "",
                f"cannot tell which table this is; found {found}",
                "--as " + "|".join(best or TABLES),
            )
        )
    return best[0]


FILE_WORDS: dict[str, tuple[str, ...]] = {
    "order_lines": ("订单明细", "销售明细", "明细"),
    "refunds": ("退款", "退货"),
    "orders": ("订单", "小票"),
    "memberships": ("付费会员",),
    "members": ("会员",),
    "stores": ("门店",),
    "staff": ("员工", "导购"),
    "categories": ("品类", "类别"),
    "products": ("商品",),
    "participation": ("参与", "签到"),
    "surveys": ("问卷",),
}


def header_row(rows: Sequence[Sequence[str]]) -> int:
    """Which of the first rows is the header: the first in which two cells are names we know; else the first that is not empty."""
    known = {plain(word) for table in TABLES.values() for word in _names(table)}
    for at, row in enumerate(rows[:10]):
        if sum(plain(cell) in known for cell in row) >= 2:
            return at
    return next((at for at, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)


# profiles


def load_profile(
    folder: Path, file: str, headers: Sequence[str], table: str, name: str = ""
) -> dict[str, str]:
    """The saved profile of these headers, or the one that was asked for. Raises BadFile when the named one is not there."""
    if name:
        found = folder / f"{name}.json"
        if not re.fullmatch(r"[\w\-]{1,64}", name) or not found.is_file():
            there = ", ".join(sorted(p.stem for p in folder.glob("*.json"))) or "no saved mapping yet"
            raise BadFile(Fault(file, 0, "--mapping", name, there))
        return dict(json.loads(found.read_text())["columns"])
    saved = folder / f"{fingerprint(headers)}-{table}.json"
    return dict(json.loads(saved.read_text())["columns"]) if saved.is_file() else {}


def save_profile(
    folder: Path, headers: Sequence[str], table: str, columns: dict[str, str], name: str = ""
) -> Path:
    """Keep how these headers are to be read; the next file with the same headers is read so without asking.

    Raises ValueError for a column the table has not, or a name that is no plain word.
    """
    if unknown := sorted(set(columns.values()) - {""} - set(TABLES[table].names)):
        raise ValueError(f"{table} has no column {', '.join(unknown)}")
    if name and not re.fullmatch(r"[\w\-]{1,64}", name):
        raise ValueError(f"not a name for a mapping: {name!r}")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name or f'{fingerprint(headers)}-{table}'}.json"
    fresh = target.with_suffix(".new")
    fresh.write_text(json.dumps({"table": table, "columns": columns}, ensure_ascii=False, indent=1))
    fresh.replace(target)
    return target


def _names(table: Table) -> dict[str, tuple[str, bool]]:
    """Every plain header of a table → its column and whether it means fen. Canonical names go before aliases."""
    names: dict[str, tuple[str, bool]] = {}
    for column in table.columns:
        for alias in ALIASES[table.name].get(column.name, ()):
            names.setdefault(plain(alias), (column.name, False))
    for column in table.columns:
        names[plain(column.name)] = (column.name, False)
        if column.kind == "money":
            names[plain(column.stored)] = (column.name, True)
    return names


def _meant(
    header: str, table: Table, names: dict[str, tuple[str, bool]], profile: dict[str, str]
) -> tuple[str | None, bool]:
    fen = bool(re.search(r"[(（\[【]\s*(分|fen)\s*[)）\]】]$", header.strip()))
    if header.strip() in profile:
        return profile[header.strip()] or None, fen
    canonical, in_fen = names.get(plain(header), (None, False))
    return canonical, in_fen or (fen and canonical is not None and table.column(canonical).kind == "money")

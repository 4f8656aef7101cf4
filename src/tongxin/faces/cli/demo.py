"""`demo`: from an empty folder to pages with something on them, through the importer and the actions only.

The chain is The Complete Journey, imported like anybody's files; on top a small simulated community life. With `--chain` it is a
simulated chain of sixty stores instead, in a folder of its own. A second call finds what it built and serves it at once; what was
half built by a killed run is thrown away.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, Stop, words

VERSION = 6  # grows when the demo must be built again
CHAIN_HOME = "var/demo-chain"
MEASURES = ("concentration", "value", "segments", "dormancy", "forecast")
WECOM = "xiaoman"  # the champion's account at the fake
ROLES = {
    "hq": ("demo-hq", "总部", "Headquarters"),
    "champion": ("demo-champion", "主理人", "Champion"),
    "member": ("demo-member", "会员", "Member"),
    "analyst": ("demo-analyst", "分析师", "Analyst"),
}


def demo(
    *,
    port: Annotated[int, typer.Option(help=words("端口", "port"), min=1, max=65535)] = 8000,
    fresh: Annotated[bool, typer.Option("--fresh", help=words("重新建", "build again"))] = False,
    serve: Annotated[bool, typer.Option(help=words("建好后启动", "serve when built"))] = True,
    chain: Annotated[
        bool,
        typer.Option("--chain", help=words("六十家店的模拟连锁", "the simulated chain of sixty stores")),
    ] = False,
) -> None:
    """从零建好演示连锁并启动 / build the demo chain from nothing and serve it."""
    if os.environ.get("TONGXIN_DEMO") != "1" or os.environ.get("DATABASE_URL"):
        raise Stop(
            BAD,
            words(
                "演示只在自己的目录里建：请用 make demo（TONGXIN_DEMO=1，不设 DATABASE_URL）。",
                "The demo lives in a folder of its own: use make demo (TONGXIN_DEMO=1, no DATABASE_URL).",
            ),
        )
    home = Path(os.environ.setdefault("TONGXIN_HOME", CHAIN_HOME if chain else "var/demo")).resolve()
    os.environ.setdefault("TONGXIN_BASE_URL", f"http://127.0.0.1:{port}")  # stands in messages from now on
    phones = 0 if chain else _phones(port)
    if fresh or not _built(home, chain=chain):
        _clear(home)
        _tables()
        document = _build_chain() if chain else _build()
        _keep(home, document | {"version": VERSION, "chain": chain})
    notice = _links(port, phones)
    if serve:
        from tongxin.faces.cli.serving import run  # slow: Django

        run(port=port, notice=notice, phones=phones)
    answers.tell(notice)


def _phones(port: int) -> int:
    """The port of the two phones beside the site's: the fake WeCom takes the place of a corp, unless one is set."""
    from tongxin.connect.wecom.sandbox import server  # slow

    if os.environ.get("TONGXIN_WECOM_CORP"):
        return 0
    phones = port + 1 if port < 65535 else port - 1
    os.environ.update(server.environment(phones))
    return phones


def _built(home: Path, *, chain: bool = False) -> bool:
    try:
        found = json.loads((home / "demo.json").read_text())
        return bool(found["version"] == VERSION and found.get("chain", False) is chain)
    except (OSError, ValueError, KeyError):
        return False


def _clear(home: Path) -> None:
    from tongxin.foundation import embedded  # slow: psycopg

    if home.exists():
        embedded.stop(home)
        shutil.rmtree(home)
    home.mkdir(parents=True)


@contextmanager
def _step(zh: str, en: str) -> Iterator[None]:
    begun = time.monotonic()
    answers.say(f"· {zh}……", f"· {en} …")
    yield
    answers.say(f"  {time.monotonic() - begun:.1f} 秒", f"  {time.monotonic() - begun:.1f} s")


def _tables() -> None:
    with _step("起数据库、建表", "database and tables"):
        answers.platform()
        from django.core.management import call_command  # slow

        call_command("migrate", interactive=False, verbosity=0)


def _keep(home: Path, document: dict[str, Any]) -> None:
    """Written last, and at once: a folder with it is whole."""
    partial = home / "demo.json.new"
    partial.write_text(json.dumps(document, ensure_ascii=False, indent=1))
    partial.rename(home / "demo.json")


def _build_chain() -> dict[str, Any]:
    from tongxin.faces.cli import demo_chain, demo_chain_desk  # slow: Django must be set up first
    from tongxin.foundation import clock  # slow, as above
    from tongxin.measure import actions as measure  # slow, as above

    now = clock.now()
    with _step("过一年：60 家店，40 次抽签", "living a year: 60 stores, 40 draws"):
        year = demo_chain.live(now)
    with _step("导入模拟的小票", "importing the simulated till"):
        truth = demo_chain.ring_up(year)
    with _step("登录账号", "accounts to sign in with"):
        _champion, headquarters = _staff(year.chain.stores[0].code)
        _member(str(year.chain.members[-1].public_id))
    with _step("算圈层", "rings"):
        from tongxin.rings import actions as rings  # slow, as above

        rings.recompute(viewer=demo_chain.BUILDER)
    with _step("总部桌上的事", "what waits for headquarters"):
        desk = demo_chain_desk.build(now, year.chain, headquarters)
    with _step("四十次抽签合在一起的研究", "the study over all draws"):
        study = measure.run_study(study_id=year.study)
    for kind in MEASURES:
        measure.ask_measurement(viewer=demo_chain.BUILDER, kind=kind)
    kpi = next(one for one in (study.answer or {}).get("kpis", []) if one["primary"])
    found = {name: kpi[name] for name in ("verdict", "effect", "ci", "treated")}
    return {"built_at": now.isoformat(), "truth": truth, "study": found, "desk": desk}


def _build() -> dict[str, Any]:
    from tongxin.faces.cli import (  # slow: Django must be set up first
        demo_amplify,
        demo_champions,
        demo_communities,
        demo_events,
        demo_inwards,
        demo_life,
        demo_loop,
        demo_outside,
        demo_plans,
        demo_together,
        demo_voices,
    )
    from tongxin.foundation import clock  # slow, as above
    from tongxin.stores import actions as stores  # slow, as above

    now = clock.now()
    with _step("开品牌", "brand"):
        stores.open_brand(
            viewer=demo_life.BUILDER, code="CJ", name="示例连锁 Complete Journey", currency="USD"
        )
    with _step("模拟 26 周社区生活", "26 simulated weeks of community life"):
        neighbours = demo_life.live(now)
    with _step("导入 147 万条小票明细", "importing 1.47 million order lines"):
        reports = _import()
    with _step("登录账号", "accounts to sign in with"):
        champion, headquarters = _staff()
        found = demo_life.afterwards(now, neighbours, champion, headquarters)
        _member(found["member"])
    with _step("办几场活动", "a few events"):
        demo_events.build(now, neighbours, found["member"])
        groups = demo_communities.build(now, neighbours)
        demo_voices.build(now, groups, neighbours, champion)
        demo_together.build(now, groups[0], neighbours)
        demo_events.around(now)
    with _step("主理人的几周", "some weeks of the champions"):
        demo_champions.build(now)
    with _step("算圈层", "rings"):
        from tongxin.rings import actions as rings  # slow, as above

        rings.recompute(viewer=demo_life.BUILDER)
    with _step("人群和感谢", "segments and thanks"):
        demo_inwards.build(now, neighbours)
    with _step("总部的消息", "headquarters' messages"):
        demo_plans.build(now)
    with _step("从海报到小票", "from a poster to a receipt"):
        loop = demo_loop.build(now, neighbours, _colleague(), _journal())
    with _step("之星、共创和朋友", "Stars, panels and friends"):
        demo_amplify.build(now, neighbours, found["member"])
        demo_outside.outside(now, neighbours)
    with _step("在真实数据上做一项研究", "one study on real data"):
        _study()
    return {"built_at": now.isoformat(), "reports": reports, "people": found | {"loop": loop.member}}


def _colleague() -> Any:
    """The champion of the demo, as a member of staff with an account in WeCom."""
    from tongxin.faces.cli.demo_life import BUILDER  # slow, as above
    from tongxin.stores import queries as places  # slow, as above

    card = next(one for one in places.staff_for(BUILDER, limit=100).items if one.code == ROLES["champion"][0])
    return places.access_staff(BUILDER, card.public_id)


def _journal() -> Path:
    """Where the fake keeps what it knows: the served phones go on from there."""
    from django.conf import settings  # slow

    return Path(settings.HOME) / "sandbox" / "wecom.jsonl"


def _links(port: int, phones: int = 0) -> str:
    base = os.environ.get("TONGXIN_BASE_URL") or f"http://127.0.0.1:{port}"
    lines = [words("一键登录（只在演示里有）：", "One-click sign-in (demo only):")]
    lines += [f"  {words(zh, en):　<4} {base}/enter/demo/{key}/" for key, (_, zh, en) in ROLES.items()]
    if phones:
        lines += [
            words(
                "两部手机（模拟的企业微信，主理人和会员各一部）：",
                "Two phones (a fake WeCom, the champion's and a member's):",
            ),
            f"  http://127.0.0.1:{phones}/",
        ]
    return "\n".join(lines)


def _import() -> list[dict[str, Any]]:
    from tongxin.connect.files import actions as files  # slow, as above
    from tongxin.faces.cli.demo_life import BUILDER  # slow, as above

    reports = files.import_named(viewer=BUILDER, name="complete-journey")
    return [{"table": r.table, "state": r.state, "new": r.new, "refused": r.refused} for r in reports]


def _staff(code: str = "") -> tuple[Any, Any]:
    """Accounts without a password: they open by the demo links only. Answers champion and headquarters as viewers."""
    from tongxin.faces.cli.demo_life import BUILDER, SHOPS  # slow, as above
    from tongxin.foundation.accounts import actions as accounts  # slow, as above
    from tongxin.foundation.accounts.terms import AccountKind  # slow, as above
    from tongxin.stores import actions as stores  # slow, as above
    from tongxin.stores import queries as places  # slow, as above
    from tongxin.stores.rules import StaffRow  # slow, as above
    from tongxin.stores.terms import Role  # slow, as above

    brand, code = places.the_brand(), code or SHOPS[0][0]
    shop = places.stores_by_code(brand, [code])[code]
    opened = {}
    for key, role, name, store in (
        ("hq", Role.ADMIN, "周宁", None),
        ("champion", Role.CHAMPION, "小满", shop),
        ("analyst", Role.HQ_ANALYST, "陈析", None),
    ):
        handle = ROLES[key][0]
        account = opened[key] = accounts.create_account(viewer=BUILDER, handle=handle, kind=AccountKind.STAFF)
        stores.grant(viewer=BUILDER, account=account, role=role, store=store, brand=None if store else brand)
        row = StaffRow(
            staff_code=handle,
            name=name,
            store_code=code if store else None,
            wecom_userid=WECOM if key == "champion" else None,
        )
        stores.upsert_staff(viewer=BUILDER, rows=[row])
        card = next(s for s in places.staff_for(BUILDER).items if s.code == handle)
        stores.link_account(
            viewer=BUILDER, staff=places.access_staff(BUILDER, card.public_id), account=account
        )
    return places.viewer_for(opened["champion"]), places.viewer_for(opened["hq"], second_factor=True)


def _member(public_id: str) -> None:
    from django.db import transaction  # slow

    from tongxin.faces.cli.demo_life import BUILDER  # slow, as above
    from tongxin.people import queries as people  # slow, as above
    from tongxin.people.actions import open_account  # slow, as above

    with transaction.atomic():
        customer = people.access_customer(BUILDER, public_id)
        open_account(viewer=BUILDER, customer=customer, handle=ROLES["member"][0])


def _study() -> None:
    """Planned like any other, and run here, so that the first page has an answer on it; the worker finds its job already done."""
    from tongxin.faces.cli.demo_life import BUILDER  # slow, as above
    from tongxin.measure import actions as measure  # slow, as above

    study = measure.plan_study(viewer=BUILDER, title="领券到店：真的多买了吗", treated="participation")
    measure.run_study(study_id=study.pk)
    for kind in MEASURES:  # asked only: the worker answers them while somebody looks around
        measure.ask_measurement(viewer=BUILDER, kind=kind)

"""A small committed world behind a live server, and one Chromium: there for a module, thrown away after it."""

import json
import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections, transaction
from django.test import override_settings
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from project import emptied, kept_rows
from tongxin.faces import entrance
from tongxin.faces.cli import sandbox
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts import queries
from tongxin.measure import actions as measure
from tongxin.measure.models import Measurement, Study
from tongxin.people import ledger
from tongxin.people.rules import DeedIn
from tongxin.rings import actions as rings

KEPT = Path(__file__).with_name("kept_study.json")
TOLD = Path(__file__).with_name("kept_measurements.json")
JOB = system("tests")
CHROMIUM = "/usr/bin/chromium"
# What a person's browser prepares beside the page costs as much as the page: the list below the address bar, drawn for every
# window, and a renderer in waiting. The others are what Playwright switches off itself; the last list that is given counts.
WITHOUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
)  # fmt: skip
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    f"--disable-features={','.join(WITHOUT)}",
]


def pytest_itemcollected(item):
    """Who reads a page at every width reads it at two of four here, and at all of them in `make nightly`."""
    if "faults" in item.function.__code__.co_names:
        item.add_marker("sampled")


@dataclass
class World:
    """Addresses, people and the cookies of those who have signed in already."""

    url: str
    document: dict[str, Any]
    studies: dict[str, str]
    measurements: dict[str, str]
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> dict[str, Any]:
        return self.document["regions"][0]["stores"][0]

    @property
    def person(self) -> str:
        return self.store["members"][1]["id"]


@pytest.fixture
def _django_db_helper():
    """The world is committed once; no test gets a transaction or a flush of its own."""


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), override_settings(DEMO=True):
        with transaction.atomic():
            built = kept_rows.begin("the world of the browser", _made)
        logging.getLogger("django.server").setLevel(logging.ERROR)
        server = LiveServer("127.0.0.1")
        built.url = server.url
        try:
            yield built
        finally:
            server.stop()
            emptied.empty()


def _made() -> World:
    document = sandbox.build(members=3)
    _live(document)
    built = World("", document, _studies(), _measurements())
    built.cookies = {
        "hq": _cookie(document["hq"]["admin"]["handle"]),
        "analyst": _cookie(document["hq"]["hq_analyst"]["handle"]),
        "champion": _cookie(built.store["champions"][0]["handle"]),
        "member": _cookie(built.store["members"][1]["handle"]),
        "eraser": _cookie(built.store["members"][2]["handle"]),
    }
    return built


def _live(document: dict[str, Any]) -> None:
    """The second member comes, talks and helps for ten weeks, so there is a ring to explain."""
    store = document["regions"][0]["stores"][0]
    from tongxin.people import queries as people

    person, other = (people.access_customer(JOB, store["members"][i]["id"]).pk for i in (1, 0))
    now = clock.now()
    rows = []
    for week in range(10):
        at = now - timedelta(days=7 * week + 1)
        rows.append(DeedIn(person, "checked_in", at, "browser", f"c{week}"))
        rows.append(
            DeedIn(person, "replied", at - timedelta(hours=3), "browser", f"r{week}", counterpart=other)
        )
    ledger.record_many(rows)
    people_actions(person)
    rings.recompute(viewer=JOB)


def people_actions(person: int) -> None:
    from tongxin.people import actions
    from tongxin.people.models import Customer

    customer = Customer.objects.get(pk=person)
    actions.switch_personalisation(viewer=JOB, customer=customer, on=True)


def _studies() -> dict[str, str]:
    """One answered, one that may not be answered, one that waits, one that failed: kept as the worker keeps them."""
    kept = json.loads(KEPT.read_text())
    refused = json.loads(KEPT.read_text())
    for kpi in refused["answer"]["kpis"]:
        kpi.update(
            verdict="cannot_be_said",
            effect=None,
            ci=None,
            relative=None,
            relative_ci=None,
            counterfactual_level=None,
        )
        kpi["reason_words"] = [
            {
                "code": "R1",
                "zh": "样本不足。",
                "en": "Too few people.",
                "cure": {"zh": "再等等。", "en": "Wait."},
            }
        ]
    made = {}
    for name, values, state in (
        ("answered", kept, "done"), ("refused", refused, "done"), ("waiting", {}, "planned"), ("failed", {"faults": ["orders.csv: no rows"]}, "failed"),
    ):  # fmt: skip
        study = measure.plan_study(viewer=JOB, title=f"Study {name}")
        done = (
            {"report_html": "<!doctype html><title>r</title>", "at": clock.now()} if state == "done" else {}
        )
        Study.objects.filter(pk=study.pk).update(state=state, simulated=True, **values, **done)
        made[name] = str(study.public_id)
    return made


def _measurements() -> dict[str, str]:
    """One answered, one that may not be said, one that waits, one that failed."""
    made = {}
    for kind, values in json.loads(TOLD.read_text()).items():
        asked = measure.ask_measurement(viewer=JOB, kind=kind)
        Measurement.objects.filter(pk=asked.pk).update(state="done", simulated=True, at=clock.now(), **values)
        made[kind] = str(asked.public_id)
    made["waiting"] = str(measure.ask_measurement(viewer=JOB, kind="dormancy").public_id)
    failed = measure.ask_measurement(viewer=JOB, kind="value")
    Measurement.objects.filter(pk=failed.pk).update(state="failed", faults=["measure.no_orders"])
    made["failed"] = str(failed.public_id)
    return made


def _cookie(handle: str) -> str:
    account = queries.account_by_handle(JOB, handle)
    session = SessionStore()
    session[entrance.KEY] = str(accounts.open_session(account=account, second_factor=True).public_id)
    session.save()
    return str(session.session_key)


@pytest.fixture(scope="module", autouse=True)
def _asking_beside_the_browser():
    """Playwright keeps a loop in this thread, and Django would refuse to ask the database beside it; nothing here is async."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="module")
def chromium(world):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
        connections.close_all()  # beside Playwright's loop Django keeps a second set of connections for this thread


@pytest.fixture(scope="module")
def visit(world, chromium):
    """`with visit("hq", theme="dark") as page:` a page of somebody who has signed in, which collects what the console says."""

    @contextmanager
    def opened(
        role: str = "", *, theme: str = "light", language: str = "zh-hans", width: int = 1440, **more: Any
    ):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            reduced_motion="reduce",
            base_url=world.url,
            **more,
        )
        cookies = {"tongxin_language": language} | ({"sessionid": world.cookies[role]} if role else {})
        context.add_cookies([{"name": k, "value": v, "url": world.url} for k, v in cookies.items()])
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        try:
            yield page
        finally:
            context.close()

    return opened

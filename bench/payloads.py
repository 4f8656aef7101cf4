"""Scripts in every text column, over every page, in Chromium (promise P18): ten dresses of twenty tricks, no policy to help.

The world of the permission matrix, in which every room has something, is overwritten ten times (tests/access/poison.py); each page that
any role may open is made by the application and given to the browser without its headers, so that the escaping alone must hold. In a
long text stand twenty tricks at once, in a short one those that fit, spread over its rows.

    .venv/bin/python bench/payloads.py [--dresses 10]
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
DRESSES, WAIT = 10, 25  # ms in which what runs by itself has run
SOMEWHERE = "http://pages.test"
CHROMIUM = "/usr/bin/chromium"
PAGE = 200
LOOKED = """new Promise(done => setTimeout(() => done(
    window.pwned !== undefined
    || [...document.querySelectorAll('*')].some(one => [...one.attributes].some(a => a.name.startsWith('on') && a.value.includes('pwned')))
    || [...document.querySelectorAll('a[href], form[action], [formaction]')].some(
        one => /^\\s*javascript:/i.test(one.getAttribute('href') || one.getAttribute('action') || one.getAttribute('formaction')))
), WAIT))""".replace("WAIT", str(WAIT))


@contextmanager
def database() -> Iterator[None]:
    """A database of our own on the tests' server, gone afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
    os.environ["TONGXIN_TEST_DB"] = "payloads_bench"
    sys.path[:0] = [str(ROOT / "tests")]
    import django  # noqa: PLC0415 - after setup
    from django.test.utils import (  # noqa: PLC0415 - after setup
        setup_databases,
        setup_test_environment,
        teardown_databases,
    )

    django.setup()
    setup_test_environment()
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(kept, verbosity=0)


class Always:
    """What the tests' guard of the database is where there is none."""

    @contextmanager
    def unblock(self) -> Iterator[None]:
        """Nothing is blocked here."""
        yield


@dataclass
class Written:
    """The pages as the application made them, and how it went."""

    pages: list[tuple[str, str, Path]]  # route, role, where the page lies
    routes: int
    fields: set[tuple[str, str]]
    refused: set[tuple[str, str]]
    broken: set[str]


def written(dresses: int, folder: Path) -> Written:
    """Every page under every dress, each a file: the browser's driver and the database's connection do not go into one thread."""
    from access import poison  # noqa: PLC0415 - after setup
    from access.actors import standing_world, undone  # noqa: PLC0415 - after setup
    from access.test_page_doors import browsing  # noqa: PLC0415 - after setup

    found = Written([], 0, set(), set(), set())
    with standing_world(Always()) as world:
        poison.furnish(world)
        given = poison.pages(world)
        found.routes = len({route for _, route, _ in given})
        for actor in {actor.name: actor for actor, _, _ in given}.values():
            browsing(world, actor)  # signed in before anything is taken back again
        for turn in range(dresses):
            with undone():
                done, not_taken = poison.poison(turn)
                found.fields |= set(done)
                found.refused |= set(not_taken)
                for at, (actor, route, path) in enumerate(given):
                    with undone():
                        client = browsing(world, actor)
                        client.raise_request_exception = False
                        reply = client.get(path)
                    if reply.status_code != PAGE:
                        found.broken.add(f"{route} {reply.status_code}")
                    elif not reply.streaming and "html" in reply.get("Content-Type", ""):
                        file = folder / f"{turn}-{at}.html"
                        file.write_bytes(reply.content)
                        found.pages.append((route, actor.name, file))
            print(f"dress {turn + 1}: {len(found.pages)} pages written", flush=True)
    return found


def ran(found: Written) -> tuple[list[tuple[str, str]], int]:
    """Which pages ran something in Chromium; and of twenty pages that trust their words how many did."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - after setup

    from access import poison  # noqa: PLC0415 - after setup

    now: dict[str, bytes] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()

        def answer(route: Any) -> None:
            if route.request.is_navigation_request() and route.request.frame == page.main_frame:
                route.fulfill(body=now["html"], content_type="text/html; charset=utf-8")
            else:
                route.abort()

        page.route("**/*", answer)

        def runs(html: bytes) -> bool:
            now["html"] = html
            page.goto(f"{SOMEWHERE}/", wait_until="domcontentloaded")
            return bool(page.evaluate(LOOKED))

        faults = []
        for at, (route, role, file) in enumerate(found.pages):
            html = file.read_bytes()
            if poison.faults(html.decode()) or (b"pwned" in html and runs(html)):
                faults.append((route, role))
            if at % 500 == 499:
                print(f"{at + 1} pages read, {len(faults)} executions", flush=True)
        trusted = sum(runs(f"<p>{trick}</p>".encode()) for trick in poison.TRICKS)
        browser.close()
    return faults, trusted


def figures(dresses: int = DRESSES) -> list[dict[str, Any]]:
    """One row."""
    with tempfile.TemporaryDirectory(prefix="tongxin-payloads-") as folder:
        with database():
            found = written(dresses, Path(folder))
        faults, trusted = ran(found)
    return [
        {
            "what": "scripts that ran from words in every text column, over all pages, in Chromium without the policy (P18)",
            "measured": f"{len(faults)} in {len(found.pages):,} pages ({found.routes} routes), {len(found.fields)} columns, {dresses * 20} payloads",
            "bar": "0 from 200 payloads in every text field over all pages",
            "met": not faults and dresses >= DRESSES and trusted > 0,
            "note": f"control: of 20 pages that trust their words {trusted} run; {faults[:3] or ''} not overwritten: {len(found.refused)} columns with a"
            f" rule of their own; answered otherwise: {len(found.broken)} {sorted(found.broken)[:8] or ''}",
        }
    ]


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--dresses", type=int, default=DRESSES)
    rows = figures(asked.parse_args().dresses)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "payloads.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    for row in rows:
        print(f"{row['what']}: {row['measured']} (bar: {row['bar']}, met: {row['met']}) {row['note']}")

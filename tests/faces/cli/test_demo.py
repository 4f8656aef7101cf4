"""The demo is made by the actions and importers, so it is also the broadest test."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tongxin.faces.cli import answers, demo, demo_life
from tongxin.foundation import embedded
from tongxin.people.models import Companion, Customer, Deed
from tongxin.rings.models import Invitation, Placement
from tongxin.stores import actions as stores


@pytest.mark.django_db
def test_the_simulated_life_has_people_on_every_ring_and_says_that_it_is_simulated(noon):
    stores.open_brand(viewer=demo_life.BUILDER, code="D", name="demo")
    neighbours = demo_life.live(noon)
    champion, headquarters = demo._staff()
    found = demo_life.afterwards(noon, neighbours, champion, headquarters)
    demo._member(found["member"])

    assert Customer.objects.filter(simulated=False).count() == 0
    now = Counter(Placement.objects.filter(period__upper_inf=True).values_list("ring", flat=True))
    assert now["inner"] == 1
    assert now["middle"] >= 10
    assert now["outer"] >= 8
    assert sum(now.values()) == len(demo_life.NICKNAMES)
    assert sorted(Invitation.objects.values_list("state", flat=True)) == ["accepted", "confirmed"]
    assert Companion.objects.count() == 2
    assert not Deed.objects.filter(occurred_at__gt=noon).exists()
    assert not Deed.objects.filter(known_at__gt=noon).exists()
    lived = Counter(Deed.objects.values_list("kind", flat=True))
    assert lived["checked_in"] > 100
    assert lived["no_show"] > 10
    assert lived["registered"] > lived["checked_in"]
    assert Customer.objects.get(public_id=found["member"]).account.handle == "demo-member"


def test_the_demo_keeps_out_of_a_real_installation(monkeypatch):
    monkeypatch.delenv("TONGXIN_DEMO", raising=False)
    with pytest.raises(answers.Stop):
        demo.demo(serve=False)


@pytest.mark.parametrize(
    ("kept", "built"),
    [
        (None, False),
        ("{", False),
        ("{}", False),
        ('{"version": 0}', False),
        (json.dumps({"version": demo.VERSION}), True),
    ],
)
def test_half_a_demo_is_no_demo(tmp_path, kept, built):
    if kept is not None:
        (tmp_path / "demo.json").write_text(kept)
    assert demo._built(tmp_path) is built


# ---- the whole chain, built once: 1.47 million order lines through the importer, rings, a study


@dataclass(frozen=True)
class Chain:
    """A demo in a folder of its own, built by the command itself."""

    home: Path
    printed: str

    def run(self, *command: str) -> str:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("TONGXIN", "DATABASE", "DJANGO"))}
        env |= {"TONGXIN_DEMO": "1", "TONGXIN_HOME": str(self.home)}
        done = subprocess.run(
            [sys.executable, *command], env=env, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


DEMO = (str(Path(sys.executable).with_name("tongxin")), "demo", "--no-serve")


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    home = tmp_path_factory.mktemp("chain") / "demo"
    try:
        yield Chain(home, Chain(home, "").run(*DEMO))
    finally:
        embedded.stop(home)


@pytest.mark.slow
@pytest.mark.timeout(1000)  # who comes first builds the chain
def test_from_an_empty_folder_to_links(chain):
    assert chain.printed.count("/enter/demo/") == 4
    document = json.loads((chain.home / "demo.json").read_text())
    rows = {report["table"]: report["new"] for report in document["reports"]}
    assert (rows["order_lines"], rows["members"], rows["stores"]) == (1_469_307, 2_469, 457)
    assert all(report["refused"] == 0 for report in document["reports"])


@pytest.mark.slow
@pytest.mark.timeout(1000)  # who comes first builds the chain
def test_a_second_call_finds_it_in_no_time(chain):
    begun = time.monotonic()
    assert chain.run(*DEMO).count("/enter/demo/") == 4
    assert time.monotonic() - begun < 30  # a build takes longer than that on any machine of today


WHAT_IS_THERE = """
import json
from datetime import timedelta
from tongxin.faces.cli import answers
answers.platform()
from tongxin.commerce.models import PurchaseDay
from tongxin.connect.files import actions
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.people.models import Deed
from tongxin.stores.models import Brand
later = clock.business_day(clock.now()) + timedelta(days=11)
again = actions.import_named(viewer=system("test"), name="complete-journey", anchor=later)
print(json.dumps({
    "currency": Brand.objects.get().currency,
    "days": PurchaseDay.objects.count(),
    "redeemed": Deed.objects.filter(kind="checked_in", person__simulated=False).count(),
    "again": sorted({report.state for report in again}),
}))
"""


@pytest.mark.slow
@pytest.mark.timeout(1000)  # who comes first builds the chain
def test_the_chain_is_whole_and_imported_once(chain):
    """A week later: the dates of the first import stay, nothing comes twice."""
    assert json.loads(chain.run("-c", WHAT_IS_THERE)) == {
        "currency": "USD",
        "days": 132_128,
        "redeemed": 792,
        "again": ["same_file"],
    }

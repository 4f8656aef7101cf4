"""The demo is made by the actions and importers, so it is also the broadest test."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tongxin.connect.files import complete_journey as journey
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
    assert sorted(Invitation.objects.values_list("state", flat=True)) == ["confirmed", "invited"]
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


# ---- the chain, built once by the command: every eighth household's order lines through the importer, rings, a study.
# All 1.47 million lines go the same way in `bench/run.py demo`, which counts them.

EVERY = 8


@dataclass(frozen=True)
class Chain:
    """A demo in a folder of its own, built by the command itself."""

    home: Path
    data: Path  # where the part of the package lies
    printed: str

    def run(self, *command: str) -> str:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("TONGXIN", "DATABASE", "DJANGO"))}
        env |= {"TONGXIN_DEMO": "1", "TONGXIN_HOME": str(self.home), "PYTHONPATH": f"{self.data}:{TESTS}"}
        done = subprocess.run(
            [sys.executable, *command], env=env, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


# The same statements as Django's own way of migrating, which `project/test_template_database.py` holds against it each night.
BUILT = """
import sys
from project.template_database import lightly
from tongxin.faces.cli import main
with lightly():
    sys.exit(main.run(["demo", "--no-serve"]))
"""
TESTS = Path(__file__).parents[2]
DEMO = (str(Path(sys.executable).with_name("tongxin")), "demo", "--no-serve")


PARTS = {
    "transactions": f"household_id % {EVERY} = 0",
    "products": "product_id IN (SELECT product_id FROM transactions)",
    "campaigns": f"household_id % {EVERY} = 0",
    "campaign_descriptions": "true",
    "coupon_redemptions": f"household_id % {EVERY} = 0",
}
COUNTED = {
    "order_lines": "SELECT count(*) FROM transactions",
    "orders": "SELECT count(DISTINCT basket_id) FROM transactions",
    "members": "SELECT count(DISTINCT household_id) FROM transactions",
    "stores": "SELECT count(DISTINCT store_id) FROM transactions",
    "redeemed": "SELECT count(DISTINCT (household_id, campaign_id)) FROM coupon_redemptions",
    "days": "SELECT count(DISTINCT (household_id, store_id, CAST(timezone('America/New_York',"
    " timezone('UTC', transaction_timestamp)) AS DATE))) FROM transactions",
}


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    """The package with a part of its data, for a folder that Python looks into before the installed one; and what is in it."""
    place = tmp_path_factory.mktemp("part")
    data = place / journey.PACKAGE / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    with duckdb.connect() as con:
        for name, which in PARTS.items():
            source = f"read_parquet('{journey.folder() / name}.parquet')"
            con.execute(f"CREATE TABLE {name} AS SELECT * FROM {source} WHERE {which}")
            con.execute(f"COPY {name} TO '{data / name}.parquet'")
        return place, {what: con.execute(query).fetchone()[0] for what, query in COUNTED.items()}


@pytest.fixture(scope="module")
def chain(tmp_path_factory, part):
    home, (data, _) = tmp_path_factory.mktemp("chain") / "demo", part
    try:
        yield Chain(home, data, Chain(home, data, "").run("-c", BUILT))
    finally:
        embedded.stop(home)


@pytest.mark.slow
@pytest.mark.timeout(1000)  # who comes first builds the chain
def test_from_an_empty_folder_to_links(chain, part):
    assert chain.printed.count("/enter/demo/") == 4
    document = json.loads((chain.home / "demo.json").read_text())
    rows = {report["table"]: report["new"] for report in document["reports"]}
    counted = ("order_lines", "orders", "members", "stores")
    assert {table: rows[table] for table in counted} == {table: part[1][table] for table in counted}
    assert rows["order_lines"] > 100_000
    assert all(report["refused"] == 0 for report in document["reports"])


@pytest.mark.slow
@pytest.mark.timeout(1000)  # who comes first builds the chain
def test_a_second_call_finds_it_and_builds_nothing(chain):
    kept = (chain.home / "demo.json").stat().st_mtime_ns
    again = chain.run(*DEMO)
    assert again.count("/enter/demo/") == 4
    assert (chain.home / "demo.json").stat().st_mtime_ns == kept
    steps = [printed.count("……") for printed in (again, chain.printed)]
    assert steps == [0, 13], "control: the first call says each of its steps"


WHAT_IS_THERE = """
import json
from datetime import timedelta
from tongxin.faces.cli import answers
answers.platform()
from tongxin.commerce.models import PurchaseDay
from tongxin.connect.files import actions
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.measure.models import Study
from tongxin.people.models import Deed
from tongxin.stores.models import Brand
later = clock.business_day(clock.now()) + timedelta(days=11)
again = actions.import_named(viewer=system("test"), name="complete-journey", anchor=later)
print(json.dumps({
    "currency": Brand.objects.get().currency,
    "days": PurchaseDay.objects.exclude(customer__simulated=True).count(),
    "of_the_loop": PurchaseDay.objects.filter(customer__simulated=True).count(),
    "redeemed": Deed.objects.filter(kind="checked_in", person__simulated=False).count(),
    "again": sorted({report.state for report in again}),
    "study": Study.objects.get(title__startswith="领券到店").state,
}))
"""


@pytest.mark.slow
@pytest.mark.timeout(1000)  # who comes first builds the chain
def test_the_chain_is_whole_and_imported_once(chain, part):
    """A week later: the dates of the first import stay, nothing comes twice."""
    assert json.loads(chain.run("-c", WHAT_IS_THERE)) == {
        "currency": "USD",
        "days": part[1]["days"],
        "of_the_loop": 1,
        "redeemed": part[1]["redeemed"],
        "again": ["same_file"],
        "study": "done",
    }

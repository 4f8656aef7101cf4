"""Every measure of the visible list, on one small chain in the database and the lake."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.db import transaction
from django.test import override_settings

from rings.chain import SYSTEM
from tongxin.compass.simulate.world import Effect, make
from tongxin.connect.files.actions import Wish, import_files
from tongxin.measure import actions, queries
from tongxin.measure.kinds import KINDS
from tongxin.stores.actions import open_brand

pytestmark = [pytest.mark.django_db]


@pytest.fixture(scope="module")
def chain(tmp_path_factory, django_db_setup, django_db_blocker):
    """A small chain, imported as anybody's files are; once for the module, each test in a savepoint of its own."""
    folder = tmp_path_factory.mktemp("measured")
    tables = make("level", Effect(share=0.25), np.random.default_rng(6), members=400, stores=6).tables
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    lake = override_settings(TONGXIN_LAKE=tmp_path_factory.mktemp("lakes") / "lake")
    with lake, django_db_blocker.unblock(), transaction.atomic():
        open_brand(viewer=SYSTEM, code="sim", name="模拟连锁")
        import_files(viewer=SYSTEM, paths=[folder], wish=Wish(source="till"))
        with django_db_blocker.block():
            yield tables
        transaction.set_rollback(True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_measure_of_the_list_answers_from_book_and_lake(chain, kind):
    """The same chain for each: an answer with a sentence in both languages, or a refusal with its reasons; no person in it."""
    asked = actions.ask_measurement(viewer=SYSTEM, kind=kind)
    kept = actions.run_measurement(measurement_id=asked.pk)
    assert (kept.state, kept.faults) == ("done", [])
    assert actions.run_measurement(measurement_id=asked.pk).at == kept.at
    assert kept.words["zh"]
    assert kept.words["en"]
    assert kept.verdict in {"said", "cannot_be_said"}
    assert kept.verdict == "said" or kept.page["reasons"]
    assert all(picture["svg"]["zh"].startswith("<svg") for picture in kept.page["pictures"])
    said = json.dumps([kept.answer, kept.words, kept.page])
    assert not any(code in said for code in chain["members"]["member_code"].to_pylist())
    assert "p00000" not in said, "no number of a person either"
    assert queries.newest_measurements(SYSTEM)[kind].said_zh == kept.words["zh"]

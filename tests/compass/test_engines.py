"""Which engine an address means, what is refused by name, and a move to an engine that stands in for Spark.

The real Spark runs in `bench/engines.py`; here a second DuckDB, reached through the same doors, keeps the seam honest.
"""

import sys
from types import ModuleType, SimpleNamespace

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tongxin.compass import design, engines, fingerprint, moving, panel, population
from tongxin.compass.dataset import open_sources
from tongxin.compass.engines import duckdb as embedded
from tongxin.compass.engines import spark
from tongxin.compass.engines.base import Engine
from tongxin.compass.errors import BadInput, OutOfRoom
from tongxin.compass.periods import calendar_for
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect
from tongxin.faces.cli import main


@pytest.fixture(scope="module")
def tables():
    return world.make(
        "level", Effect.parse("0"), np.random.default_rng(3), seed=3, members=300, stores=4
    ).tables


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("duckdb", "duckdb"),
        ("spark://master:7077", "spark"),
        ("spark://one:7077,two:7077", "spark"),
        ("spark://master", "spark"),
        ("local-cluster[2,1,1024]", "spark"),
        ("local[2]", "spark"),
        ("local[*]", "spark"),
    ],
)
def test_an_address_means_one_engine(address, name):
    assert moving.engine_of(address).name == name
    assert sum(engine.understands(address) for engine in engines.ENGINES.values()) == 1


@pytest.mark.parametrize(
    "address",
    ["", "moon", "spark:", "spark://", "local[]", "local-cluster[2]", "postgresql://x@y/z", "duckdb "],
)
def test_other_addresses_are_refused_with_the_forms(address):
    with pytest.raises(BadInput, match=r"allowed: duckdb, spark://host:7077, local-cluster"):
        moving.engine_of(address)


def test_the_embedded_engine_stays_where_it_is(tables, tmp_path):
    dataset = open_sources(tables)
    assert moving.move(dataset, "duckdb", tmp_path) is dataset
    assert dataset.engine.startswith("duckdb ")
    assert not list(tmp_path.iterdir())


def test_the_progress_bar_of_the_engine_is_off(tables):
    """It would write into what `--json` prints."""
    con = open_sources(tables).con.con
    assert con.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)


def digest(dataset):
    calendar = calendar_for("month", dataset)
    facts = panel.gather(dataset, calendar)
    sums = panel.build(dataset, calendar, facts, "TOBACCO")
    return fingerprint.data_digest(sums, population.gather(dataset, design.Design(), sums, facts))


def test_a_dataset_moves_by_parquet_and_keeps_its_digest(tables, tmp_path, monkeypatch):
    other = Engine(
        "other",
        ("other",),
        lambda address: address == "other",
        lambda _: embedded.connect("duckdb"),
        lambda con: f"other of {embedded.version(con)}",
        embedded.ask,
        embedded.keep,
    )  # without a stream: it adds up before it hands over
    monkeypatch.setitem(engines.ENGINES, "other", other)
    here = open_sources(tables)
    monkeypatch.setattr(
        type(other.connect("other")), "read_parquet", _folder_of_parquet(type(here.con).read_parquet)
    )
    there = moving.move(here, "other", tmp_path)
    assert there.engine.startswith("other of duckdb")
    assert there.con is not here.con
    assert {item.name for item in tmp_path.iterdir()} == set(here.tables)
    assert digest(there) == digest(here)


def _folder_of_parquet(read):
    """DuckDB wants a pattern where Spark wants a folder."""
    return lambda self, place, **more: read(self, f"{place.removeprefix('file://')}/*.parquet", **more)


def test_a_folder_that_cannot_be_written_to_is_refused(tables, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setitem(
        engines.ENGINES,
        "spark",
        Engine("spark", (), spark.understands, lambda _: None, str, embedded.ask, embedded.keep),
    )
    with pytest.raises(BadInput, match="a folder to write to"):
        moving.move(open_sources(tables), "local[2]", tmp_path / "file")


# ---- Spark without Spark


class _SparkError(Exception):
    pass


@pytest.fixture
def pretend(monkeypatch):
    """A pyspark that remembers its settings and answers from a script."""
    seen = {}

    class Builder:
        def master(self, address):
            seen["master"] = address
            return self

        appName = master  # noqa: N815 - Spark's own name

        def config(self, name, value):
            seen[name] = value
            return self

        def getOrCreate(self):  # noqa: N802 - as above
            if "fail" in seen:
                raise _SparkError("Java gateway process exited\nmore")
            return SimpleNamespace(
                sparkContext=SimpleNamespace(setLogLevel=lambda level: seen.update(level=level))
            )

    pyspark, errors, sql = ModuleType("pyspark"), ModuleType("pyspark.errors"), ModuleType("pyspark.sql")
    errors.PySparkException = errors.PySparkRuntimeError = _SparkError
    sql.SparkSession = SimpleNamespace(builder=Builder())
    for module in (pyspark, errors, sql):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    fake = SimpleNamespace(connect=lambda session: SimpleNamespace(session=session, version="4.0.1"))
    monkeypatch.setitem(vars(ibis), "pyspark", fake)
    monkeypatch.delenv("SPARK_LOCAL_IP", raising=False)
    return seen


def test_spark_on_one_machine_speaks_to_itself_only(pretend):
    con = spark.connect("local-cluster[2,1,1024]")
    assert spark.version(con) == "spark 4.0"
    assert pretend["spark.driver.host"] == pretend["spark.driver.bindAddress"] == "127.0.0.1"
    assert pretend["spark.sql.session.timeZone"] == "UTC"
    assert pretend["level"] == "ERROR"


def test_a_cluster_keeps_its_own_addresses(pretend):
    spark.connect("spark://master:7077")
    assert "spark.driver.host" not in pretend


def test_a_spark_that_does_not_start_is_refused_in_our_words(pretend):
    pretend["fail"] = True
    with pytest.raises(BadInput, match="Java 17 and a master that answers"):
        spark.connect("local[2]")


def test_spark_that_is_not_installed_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(BadInput, match=r"tongxin\[spark\]"):
        spark.connect("local[2]")


class _Expression:
    def __init__(self, error=None):
        self.error = error

    def cache(self):
        if self.error:
            raise self.error
        return "kept"


def _con(answer):
    def sql(_):
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(toArrow=lambda: answer)

    return SimpleNamespace(_session=SimpleNamespace(sql=sql), compile=str)


def test_spark_answers_and_keeps(pretend):
    table = pa.table({"a": [1]})
    assert spark.ask(_con(table), "x") is table
    assert spark.keep(_Expression()) == "kept"


@pytest.mark.parametrize(
    "sign", ["java.lang.OutOfMemoryError: heap", "java.io.IOException: No space left on device"]
)
def test_executors_out_of_memory_are_a_refusal(pretend, sign):
    for door in (lambda e: spark.ask(_con(e), "x"), lambda e: spark.keep(_Expression(e))):
        with pytest.raises(OutOfRoom, match="more partitions"):
            door(_SparkError(sign))
        with pytest.raises(_SparkError, match="syntax"):  # control: another fault stays what it is
            door(_SparkError("syntax"))


# ---- the command


def test_the_command_refuses_an_engine_that_is_not_there_and_leaves_nothing_behind(
    tables, tmp_path, monkeypatch, capsys
):
    """The typed tables hold member codes: their folder goes whatever happens."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    chain, out = tmp_path / "chain", tmp_path / "out"
    chain.mkdir()
    for name, table in tables.items():
        pq.write_table(table, chain / f"{name}.parquet")
    assert main.run(["roi", "run", str(chain), "--engine", "local[2]", "--out", str(out)]) == 2
    assert "tongxin[spark]" in capsys.readouterr().err
    assert not list(out.iterdir())
    (tmp_path / "file").write_text("x")
    assert main.run(["roi", "run", str(chain), "--engine", "local[2]", "--out", str(tmp_path / "file")]) == 2


@pytest.mark.parametrize("parts", ["0", "5000"])
def test_the_command_refuses_a_silly_number_of_parts(tables, tmp_path, capsys, parts):
    pq.write_table(tables["orders"], tmp_path / "orders.parquet")
    assert main.run(["roi", "run", str(tmp_path), "--partitions", parts, "--out", str(tmp_path / "o")]) == 2
    assert "1 to 4096" in capsys.readouterr().err

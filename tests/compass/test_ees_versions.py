"""A version is a file with a content hash: what counts, what is refused, and that a released one cannot drift."""

import copy
import tomllib

import pytest

from tongxin.compass.ees import versions
from tongxin.compass.ees.indicators import FORMULAS
from tongxin.compass.errors import BadInput

TEXT = (versions.HERE / "EES-1.0.toml").read_text(encoding="utf-8")
CONTENT = tomllib.loads(TEXT)


def changed(**paths):
    content = copy.deepcopy(CONTENT)
    for path, value in paths.items():
        *way, last = path.split("__")
        place = content
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[last] = value
    return content


def test_every_released_version_loads_and_has_five_dimensions_of_known_formulas():
    for name in versions.RELEASED:
        version = versions.load(name)
        assert version.name == name
        assert [each.code for each in version.dimensions] == [
            "recommendation", "participation", "resolved_need", "fair_access", "belonging",
        ]  # fmt: skip
        assert {each.formula for each in version.indicators} <= set(FORMULAS)
        assert sum(each.weight for each in version.dimensions) == pytest.approx(1)
    assert versions.LATEST in versions.RELEASED


def test_every_file_beside_the_code_is_released():
    assert {path.stem for path in versions.HERE.glob("*.toml")} == set(versions.RELEASED)


def test_layout_and_comments_do_not_change_the_hash_and_every_value_does(tmp_path):
    path = tmp_path / "same.toml"
    path.write_text("# moved\r\n" + TEXT.replace("\n", "\r\n"), encoding="utf-8")
    assert versions.read(path).digest == versions.RELEASED["EES-1.0"]
    for change in (
        {"least": 2.0},
        {"dimensions__0__indicators__0__low": -0.9},
        {"bootstrap__seed": 1},
        {"author": "x"},
    ):
        assert versions.digest_of(changed(**change)) != versions.RELEASED["EES-1.0"]


def test_a_released_file_that_was_edited_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "EES-1.0.toml").write_text(TEXT.replace("high = 0.4", "high = 0.5"), encoding="utf-8")
    monkeypatch.setattr(versions, "HERE", tmp_path)
    with pytest.raises(BadInput, match="changed after its release"):
        versions.load("EES-1.0")
    with pytest.raises(BadInput, match=r"EES-1\.0"):
        versions.load("EES-0.1")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dimensions__0__weight": 0.3}, "do not add up to 1"),
        ({"dimensions__1__indicators__0__weight": 0.6}, "participation.indicators.weight"),
        ({"dimensions__0__indicators__0__low": 2.0}, "goalposts"),
        ({"dimensions__0__indicators__0__formula": "luck/1"}, "nps/1"),
        ({"dimensions__0__code": "belonging"}, "twice"),
        ({"aggregation": "median"}, "aggregation"),
        ({"samples": []}, "samples"),
        ({"ranks__normalisations": ["goalposts", "log"]}, "normalisations"),
        ({"least": 0.0}, "least"),
        ({"ranks__draws": 0}, "draws"),
        ({"bootstrap__level": 1.0}, "level"),
        ({"shrinkage__kind": "none"}, "wrong kind"),
        ({"publish": {}}, "missing"),
    ],
)
def test_refused_with_every_fault(change, says):
    with pytest.raises(BadInput, match=says):
        versions.parse(changed(**change))


def test_negative_weights_are_refused():
    content = changed(dimensions__0__weight=-0.2, dimensions__1__weight=0.6)
    with pytest.raises(BadInput, match="not positive"):
        versions.parse(content)


def test_no_toml_is_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("= 1")
    with pytest.raises(BadInput, match="TOML"):
        versions.read(path)
    with pytest.raises(BadInput, match="x2"):
        versions.read(tmp_path / "x2.toml")

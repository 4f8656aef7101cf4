"""What may be asked, by shape."""

import pytest

from tongxin.foundation.errors import Refused
from tongxin.measure.rules import read_design


def test_a_design_is_kept_as_it_was_asked():
    asked = read_design(
        "event:EV000001",
        {"windows": [2, 3], "level": 0.9, "seed": 7, "kpis": ["spend_per_month"], "primary": "x"},
    )
    assert asked == {
        "treated": "event:EV000001", "windows": [2, 3], "level": 0.9, "seed": 7, "kpis": ["spend_per_month"], "primary": "x",
    }  # fmt: skip
    assert read_design("participation", {}) == {"treated": "participation"}
    assert read_design("participation", {"level": 1})["level"] == 1


@pytest.mark.parametrize(
    ("treated", "given", "field"),
    [
        ("everybody", {}, "treated"),
        ("campaign:", {}, "treated"),
        ("campaign:" + "x" * 121, {}, "treated"),
        ("participation", {"sql": "drop"}, "sql"),
        ("participation", {"registered_on": "2020-01-01"}, "registered_on"),
        ("participation", {"treated": 3}, "treated"),
        ("participation", {"seed": "7"}, "seed"),
        ("participation", {"seed": True}, "seed"),
        ("participation", {"level": "0.95"}, "level"),
        ("participation", {"level": True}, "level"),
        ("participation", {"windows": 3}, "windows"),
        ("participation", {"windows": [[1]]}, "windows"),
        ("participation", {"windows": list(range(25))}, "windows"),
    ],
)
def test_other_shapes_are_refused_by_name(treated, given, field):
    with pytest.raises(Refused) as refused:
        read_design(treated, given)
    assert (refused.value.code, refused.value.data["field"]) == ("measure.design_bad", field)

"""Designs: faults by name, TOML, what fits a short dataset."""

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest

from tongxin.compass import dataset, design, study
from tongxin.compass.design import Design
from tongxin.compass.errors import BadInput
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"treated": "luck"}, "design.treated: 'luck' (allowed: participation, campaign:ID"),
        ({"treated": "event:"}, "design.treated"),
        ({"period": "day"}, "design.period: 'day' (allowed: week, four_weeks, month)"),
        ({"baseline": [-12, -2]}, "design.baseline"),
        ({"baseline": [-12]}, "two periods"),
        ({"early": [-12, -3]}, "design.early"),
        ({"windows": []}, "design.windows"),
        ({"windows": [6, 3]}, "design.windows"),
        ({"windows": 3}, "design.windows: 3 (allowed: a list)"),
        ({"strata": ["moon"]}, "design.strata: 'moon' (allowed: store, tenure, paid, season)"),
        ({"kpis": ["luck"]}, "design.kpis: 'luck'"),
        ({"primary": "basket_value", "kpis": ["spend_per_month"]}, "design.primary"),
        ({"cluster": "moon"}, "design.cluster"),
        ({"level": 1.5}, "design.level"),
        ({"draws": -1}, "design.draws"),
        ({"seed": "x"}, "design.seed: 'x' (allowed: int)"),
        ({"registered_on": "soon"}, "design.registered_on: 'soon'"),
        ({"colour": "red"}, "design.colour: unknown field"),
    ],
)
def test_faults_of_a_design(given, says):
    with pytest.raises(BadInput) as error:
        design.from_mapping(given)
    assert says in str(error.value)


def test_a_toml_file_changes_only_what_it_names(tmp_path):
    file = tmp_path / "d.toml"
    file.write_text(
        'treated = "kit:K1"\nwindows = [3]\nregistered_on = 2026-01-02\nlevel = 0.9\n', encoding="utf-8"
    )
    found = design.load(file)
    assert found == replace(
        Design(), treated="kit:K1", windows=(3,), registered_on=date(2026, 1, 2), level=0.9
    )
    file.write_text("windows = [", encoding="utf-8")
    with pytest.raises(BadInput, match=r"d\.toml"):
        design.load(file)
    with pytest.raises(BadInput, match="nowhere"):
        design.load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("value", [date(2026, 1, 2), datetime(2026, 1, 2, 5), "2026-01-02"])
def test_registration_days(value):
    assert design.from_mapping({"registered_on": value}).registered_on == date(2026, 1, 2)


def test_empty_registration_day():
    assert design.from_mapping({"registered_on": ""}).registered_on is None


def test_months_and_json():
    plain = Design().as_json()
    assert plain["window_months"] == [3, 6]
    assert plain["donut_months"] == 2
    assert plain["registered_on"] is None
    assert design.Design(period="four_weeks", windows=(2, 3)).as_json()["window_months"] == [1.8, 2.8]


@pytest.mark.parametrize(
    ("months", "period", "windows"),
    [(24, "month", (3, 6)), (12, "four_weeks", (2, 3)), (5, "week", (2, 4)), (2, "month", (3, 6))],
)
def test_the_default_fits_the_data(months, period, windows):
    made = world.make(
        "null", Effect(), np.random.default_rng(3), members=300, months=months, first_entry=months - 1
    )
    found, why = design.default_for(dataset.open_sources(made.tables))
    assert (found.period, found.windows) == (period, windows)
    assert found.negative_control == "TOBACCO"
    assert bool(why) == (months < 24)


@pytest.mark.parametrize(("months", "members"), [(12, 2500), (5, 2500), (2, 300)])
def test_short_data_get_an_answer_or_a_refusal_never_a_crash(months, members):
    made = world.make(
        "level",
        Effect.parse("40"),
        np.random.default_rng(8),
        members=members,
        months=months,
        join_share=0.4,
        first_entry=1,
    )
    opened = dataset.open_sources(made.tables)
    chosen, notes = design.default_for(opened)
    answer = study.run(opened, chosen, notes=notes)
    assert notes[0] in [words for _, words in answer.warnings]
    if months == 2:
        assert answer.primary.reasons[0].startswith("R7")
    else:
        assert answer.primary.by_control["never_joiners"].effect is not None


def test_the_digest_of_a_design_ignores_its_title_and_day():
    from tongxin.compass.fingerprint import design_digest

    assert design_digest(Design(title="x", registered_on=date(2026, 1, 1))) == design_digest(Design())
    assert design_digest(Design(seed=1)) != design_digest(Design())

"""Simulated chains and their studies, made once: with a planted effect, large and small, and without any."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tongxin.compass import dataset, design, study
from tongxin.compass.answer import Answer
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.simulate import world
from tongxin.compass.simulate.world import Effect, World


@dataclass
class Studied:
    world: World
    dataset: Dataset
    design: Design
    answer: Answer
    json: dict[str, Any]


def studied(regime, effect, seed, **size):
    made = world.make(regime, Effect.parse(effect), np.random.default_rng(seed), seed=seed, **size)
    opened = dataset.open_sources(made.tables, simulated=True)
    chosen, notes = design.default_for(opened)
    answer = study.run(opened, chosen, notes=notes)
    return Studied(made, opened, chosen, answer, answer.as_json())


@pytest.fixture(scope="session")
def level():
    """+25 % planted, people join for a lasting trait."""
    return studied("level", "25%", 11, members=6000)


@pytest.fixture(scope="session")
def small():
    """The same at a third of the size, for what does not depend on size."""
    return studied("level", "25%", 13, members=2000, join_share=0.3)


@pytest.fixture(scope="session")
def null():
    """The same selection, no effect at all; many joiners, so that wrong methods have the power to be wrong."""
    return studied("null", "0", 12, members=6000, join_share=0.25)

"""Other tests of the same process may have served a page; these play the job worker."""

import sys

import pytest

from tongxin.measure.actions import worker


@pytest.fixture(autouse=True)
def _in_the_worker(monkeypatch):
    monkeypatch.delitem(sys.modules, worker.WEB, raising=False)

"""What every test shares: a held clock on request, and nothing of the outside world."""

from datetime import UTC, datetime

import pytest

from tongxin.foundation import clock

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)  # Thursday 5 March 2026, 12:00 in Shanghai


@pytest.fixture
def noon():
    """The clock held at Thursday noon, 5 March 2026, in Shanghai."""
    with clock.held(NOON) as at:
        yield at

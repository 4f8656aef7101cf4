"""The wiring is found by its name in the settings."""

import pytest

from tongxin.foundation.plugs import wiring


def test_the_settings_may_name_another_wiring(settings):
    assert wiring().__name__ == "tongxin.project.wiring"
    settings.TONGXIN_WIRING = "json"
    assert wiring().__name__ == "json"
    settings.TONGXIN_WIRING = "tongxin.nowhere"
    with pytest.raises(ModuleNotFoundError):
        wiring()

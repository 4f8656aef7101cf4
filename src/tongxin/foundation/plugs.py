"""Where the adapters are plugged in: the one place that knows the wiring by name.

Foundation may not import `project/` upstairs, yet its jobs need the adapters that are plugged in there. As with ROOT_URLCONF,
the settings name the module; everything in it is a plain visible list.
"""

from importlib import import_module
from types import ModuleType

from django.conf import settings


def wiring() -> ModuleType:
    """The module of `settings.TONGXIN_WIRING`, `tongxin.project.wiring` by default."""
    return import_module(getattr(settings, "TONGXIN_WIRING", "tongxin.project.wiring"))

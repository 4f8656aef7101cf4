"""Settings of the tests: the same, on a server without fsync, in a folder of their own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_root = Path(__file__).parents[3]
os.environ.setdefault("TONGXIN_HOME", str(_root / "var" / "test"))
for _name in ("LAKE", "MEDIA"):
    os.environ[f"TONGXIN_{_name}"] = tempfile.mkdtemp(prefix=f"tongxin-{_name.lower()}-")
    atexit.register(shutil.rmtree, os.environ[f"TONGXIN_{_name}"], ignore_errors=True)
os.environ.setdefault("DATABASE_URL", "")

from tongxin.foundation import embedded  # noqa: E402 - the folders above must be set first

if not os.environ["DATABASE_URL"]:
    os.environ["DATABASE_URL"] = embedded.ensure(Path(os.environ["TONGXIN_HOME"]), durable=False).url()

from tongxin.project.settings import *  # noqa: E402, F403 - the settings above

DATABASES["default"]["TEST"] = {"NAME": "test_" + os.environ.get("TONGXIN_TEST_DB", "tongxin")}  # noqa: F405 - the settings above
DATABASES["default"]["OPTIONS"].pop("pool")  # noqa: F405 - a pool per test process would hold the template database open
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - the settings above
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

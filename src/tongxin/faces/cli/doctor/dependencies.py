"""Every library of the engine, and of the platform if it is installed."""

from collections.abc import Iterator
from importlib import metadata

from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has

ENGINE = ("numpy", "scipy", "pyarrow", "duckdb", "ibis-framework", "sqlglot", "altair", "vl-convert-python", "typer", "rich",
          "charset-normalizer", "python-calamine", "xlsxwriter")  # fmt: skip
WEB = ("django", "django-ninja", "psycopg", "procrastinate", "granian", "whitenoise", "argon2-cffi", "cryptography", "phonenumbers",
       "httpx", "pillow", "segno")  # fmt: skip
PINNED = {
    "duckdb": (1, 5, 2),
    "ibis-framework": (12, 0, 13),
    "django": (5, 2, 6),
}  # from major.minor up to, but not, major


def look() -> Iterator[Finding]:
    """Every library of the engine, and of the platform if it is installed."""
    platform = has("django")
    for name in ENGINE + (WEB if platform else ()):
        extra = "[web]" if name in WEB else ""
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(name, "bad", words("没有安装", "not installed"), f"pip install 'tongxin{extra}'")
            continue
        if name in PINNED:
            major, minor, below = PINNED[name]
            numbers = [int(n) for n in here.split(".")[:2]]
            if not (numbers >= [major, minor] and numbers[0] < below):
                yield Finding(name, "bad", here, f"pip install '{name}>={major}.{minor},<{below}'")
                continue
        yield Finding(name, "ok", here)
    if not platform:
        yield Finding(
            "web",
            "warn",
            words("只有引擎与命令行", "engine and command line only"),
            "pip install 'tongxin[web]'",
        )

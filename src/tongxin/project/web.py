"""The web server: `python -m tongxin.project.web` with granian's own arguments.

The application is loaded once, before the workers are forked, so what no request changes is in memory once and not once a worker.
Nothing that a fork would break may happen while loading: no thread is started and no connection opened.
"""

import gc
from importlib import import_module

from granian.cli import entrypoint

# What the first request would load: the routes with all their pages, and the list of plugs; and the readings of all characters, which
# other programs load when they first judge a text.
LOADED = (
    "tongxin.project.wsgi",
    "tongxin.project.urls",
    "tongxin.project.wiring",
    "pypinyin.contrib.tone_convert",
)


def main() -> None:
    """Load, then serve until told to stop."""
    for name in LOADED:
        import_module(name)
    gc.collect()
    gc.freeze()  # the collector writes into every object that it looks at; these it leaves alone, so they stay shared
    entrypoint()


if __name__ == "__main__":
    main()

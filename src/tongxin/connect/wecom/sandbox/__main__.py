"""`python -m tongxin.connect.wecom.sandbox`: the fake alone, without Django, until it is told to stop; the demo serves it so."""

import argparse
import os
import signal
import threading
from pathlib import Path

from tongxin.connect.wecom.sandbox import server


def main() -> None:
    """Listen until SIGTERM; what it knows lies in the installation's folder."""
    asked = argparse.ArgumentParser(prog="tongxin sandbox wecom")
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--callback", default="")
    options = asked.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    journal = Path(os.environ.get("TONGXIN_HOME", "var")).resolve() / "sandbox" / "wecom.jsonl"
    server.serve(options.port, journal, callback=options.callback, stop=stop)


if __name__ == "__main__":
    main()

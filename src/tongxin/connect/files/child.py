"""The process that reads one uploaded file: `python -m tongxin.connect.files.child`, an order in, a report out, both JSON."""

import json
import resource
import sys
from pathlib import Path

#: address space, of which DuckDB and Arrow reserve much more than they use, and seconds of work (promise P20)
MEMORY = 4 * 1024**3
SECONDS = 180


def main() -> None:
    """Limit ourselves, bring Django up, import, answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    order = json.load(sys.stdin)

    import django  # noqa: PLC0415  # slow: after the limits, so that they hold for all of it

    django.setup()

    from tongxin.connect.files import actions, guards, mini_shop  # noqa: PLC0415  # slow: needs Django
    from tongxin.foundation.access import SYSTEM, Grant, Viewer  # noqa: PLC0415  # slow: as above
    from tongxin.foundation.errors import Refused  # noqa: PLC0415  # slow: as above

    viewer = Viewer(account=order["account"], name=order["actor"], grants=(Grant(SYSTEM, everywhere=True),))
    wish = actions.Wish(
        source=order["source"], table=order["table"], dry_run=order["dry_run"], limits=guards.UPLOAD
    )
    try:
        reports = actions.import_files(
            viewer=viewer, paths=[Path(order["data"])], wish=wish, names={order["data"]: order["name"]}
        )
        answer = mini_shop.together(reports).as_dict()
    except Refused as refused:
        answer = {"code": refused.code, "data": refused.data}
    json.dump(answer, sys.stdout, ensure_ascii=True, default=str)


if __name__ == "__main__":
    main()

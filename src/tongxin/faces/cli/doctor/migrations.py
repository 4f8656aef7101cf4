"""Do the tables fit the program?"""

from collections.abc import Iterator

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import words
from tongxin.faces.cli.doctor.finding import Finding, has


def look() -> Iterator[Finding]:
    """Do the tables fit the program?"""
    if not has("django"):
        return
    answers.platform()
    from tongxin.faces.cli.serving import steps

    outstanding, empty = steps()
    if empty:
        yield Finding("migrations", "bad", words("空的数据库", "an empty database"), "tongxin init")
    elif outstanding:
        yield Finding(
            "migrations",
            "bad",
            words(f"{len(outstanding)} 步待做", f"{len(outstanding)} steps to do"),
            "tongxin upgrade",
        )
    else:
        yield Finding("migrations", "ok", words("与程序一致", "as the program wants them"))

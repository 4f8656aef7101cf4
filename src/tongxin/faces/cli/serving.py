"""`serve` and `worker`: prepare, then become the program that keeps running.

Both replace this process (exec), so that signals reach the right one and Django's memory is given back.
"""

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Never

import typer

from tongxin.faces.cli import answers, installation
from tongxin.faces.cli.answers import BAD, Stop, words


def serve(
    host: Annotated[str, typer.Option(help=words("监听地址", "address to listen on"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(help=words("端口", "port"), min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help=words("网站进程数", "web processes"), min=1, max=64)] = 2,
    threads: Annotated[
        int, typer.Option(help=words("每个进程的线程数", "threads in each"), min=1, max=64)
    ] = 4,
) -> None:
    """启动网站与后台任务，并一直守护它们 / run the web server and the jobs, and keep them running."""
    run(host=host, port=port, workers=workers, threads=threads)


def worker() -> None:
    """只启动后台任务（多台机器时用）/ run the jobs only, for a second machine."""
    prepare()
    _become("tongxin.project.worker")


def run(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    workers: int = 2,
    threads: int = 4,
    notice: str = "",
    phones: int = 0,
) -> Never:
    """Prepare and become the supervisor. `notice` is printed once the web server answers; `phones` is the demo's. Never returns."""
    os.environ.setdefault("TONGXIN_BASE_URL", f"http://{f'[{host}]' if ':' in host else host}:{port}")
    prepare(static=True)
    arguments = ["--host", host, "--port", str(port), "--workers", str(workers), "--threads", str(threads)]
    if phones:
        arguments += ["--phones", str(phones)]
    _become("tongxin.project.supervisor", *arguments, "--notice", notice or _notice(host, port))


def prepare(*, static: bool = False) -> None:
    """See that the tables fit the program, and lay the static files out.

    An empty database gets its tables at once. A filled one with steps outstanding is left alone: `tongxin upgrade`
    makes a backup first.
    """
    answers.platform()
    # Django is slow to load and not in the base install.
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    outstanding, empty = steps()
    if empty:
        answers.say("新的数据库：正在建表……", "A new database: making its tables …")
        call_command("migrate", interactive=False, verbosity=0)
    elif outstanding:
        raise Stop(
            BAD,
            words(
                f"数据库还有 {len(outstanding)} 步升级没有做，请先运行 tongxin upgrade",
                f"the database is {len(outstanding)} steps behind this version: run tongxin upgrade first",
            ),
        )
    if static:
        call_command("collectstatic", interactive=False, verbosity=0, stdout=io.StringIO())
        # A program that cannot even load says so here, once, and not in a loop of dying web workers.
        get_wsgi_application()
    installation.let_go()


def steps() -> tuple[list[str], bool]:
    """Migrations not applied yet (`room.0002_name`), and whether the database has no tables of ours at all."""
    # Django is slow to load and not in the base install.
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{m.app_label}.{m.name}" for m, _ in plan], not executor.loader.applied_migrations


def _notice(host: str, port: int) -> str:
    return words("同心已就绪：{0}　（Ctrl-C 停止）", "Tongxin is ready: {0}  (Ctrl-C stops it)").format(
        f"http://{f'[{host}]' if ':' in host else host}:{port}"
    )


def _become(module: str, *arguments: str) -> Never:
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ.setdefault("TONGXIN_HOME", str(Path("var").resolve()))
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - our own modules, no shell

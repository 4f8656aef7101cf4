"""导入: a file is looked at first (a dry run with every fault), then taken in."""

import json
import re
import secrets
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongxin.commerce import queries
from tongxin.faces.asking import Asked
from tongxin.faces.context import flash
from tongxin.foundation.errors import Refused

# The tables that somebody in an office brings, in the order in which they should come.
TABLES: tuple[tuple[str, Any], ...] = (
    ("", gettext_lazy("自动识别")),
    ("stores", gettext_lazy("门店")),
    ("staff", gettext_lazy("员工")),
    ("members", gettext_lazy("会员")),
    ("memberships", gettext_lazy("付费会员期")),
    ("categories", gettext_lazy("品类")),
    ("products", gettext_lazy("商品")),
    ("orders", gettext_lazy("订单")),
    ("order_lines", gettext_lazy("订单明细")),
    ("refunds", gettext_lazy("退款")),
    ("mini-shop", gettext_lazy("小店的订单导出")),
    ("participation", gettext_lazy("参与记录")),
)
SAID = {name: words for name, words in TABLES if name}
TOKEN = re.compile(r"[0-9a-f]{32}")
MINE = "tongxin_uploads"  # tokens of this session: nobody commits what somebody else uploaded
KEPT = 5


def page(request: Asked) -> HttpResponse:
    """Upload a file for a dry run; below, what came in before."""
    report, token = None, ""
    if request.method == "POST":
        report, token = _look(request)
    context = {
        "report": report,
        "token": token,
        "said": SAID,
        "tables": TABLES,
        "runs": [
            (run, SAID.get(run.table, run.table)) for run in queries.import_runs(request.viewer, limit=30)
        ],
    }
    return render(request, "hq/import.html", context)


def _look(request: Asked) -> tuple[Any, str]:
    sent = request.FILES.get("file")
    if not isinstance(sent, UploadedFile):
        raise Refused("input.bad", field=_("文件"), reason=_("请选一个文件"))
    token = secrets.token_hex(16)
    path = _folder() / token
    with path.open("wb") as kept:
        for chunk in sent.chunks():
            kept.write(chunk)
    order = {"name": sent.name or "", "table": request.POST.get("table", ""), "source": _source(request)}
    try:
        report = _importer().import_upload(viewer=request.viewer, data=path, dry_run=True, **order)
    except Refused:
        path.unlink(missing_ok=True)
        raise
    if report.state == "refused":
        path.unlink(missing_ok=True)
        return report, ""
    path.with_suffix(".json").write_text(json.dumps(order))
    mine = [*request.session.get(MINE, []), token]
    for old in mine[:-KEPT]:
        _forget(old)
    request.session[MINE] = mine[-KEPT:]
    return report, token


def commit(request: Asked, token: str) -> HttpResponse:
    """Take in the file that was looked at."""
    mine = request.session.get(MINE, [])
    if not TOKEN.fullmatch(token) or token not in mine:
        raise Refused("absent")
    path = _folder() / token
    order = json.loads(path.with_suffix(".json").read_text())
    report = _importer().import_upload(viewer=request.viewer, data=path, **order)
    request.session[MINE] = [one for one in mine if one != token]
    _forget(token)
    flash(
        request,
        _("{file}：新增 {new}，更新 {changed}，没变 {same}，没进来 {refused}。").format(
            file=report.file, new=report.new, changed=report.changed, same=report.same, refused=report.refused
        ),
    )
    return redirect("hq.import")


def refused(request: Asked, import_id: UUID) -> FileResponse:
    """The file of the rows that did not come in, with the reasons."""
    run = queries.access_run(request.viewer, import_id)
    path = _importer().records() / Path(run.refused_file or "-").name
    if not run.refused_file or not path.is_file():
        raise Refused("absent")
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)


def _importer() -> Any:
    from tongxin.connect.files import actions  # noqa: PLC0415  # slow: brings the reader of Parquet into this worker

    return actions


def _source(request: Asked) -> str:
    given = re.sub(r"[^\w.-]", "", request.POST.get("source", ""))[:40]
    return given or _importer().DEFAULT_SOURCE


def _folder() -> Path:
    folder = Path(settings.HOME) / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _forget(token: str) -> None:
    for path in (_folder() / token, (_folder() / token).with_suffix(".json")):
        path.unlink(missing_ok=True)

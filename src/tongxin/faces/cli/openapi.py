"""`tongxin openapi`: the OpenAPI document of the REST API, as it is served."""

import json
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings
from django.utils.module_loading import import_string

from tongxin.faces.api.app import api
from tongxin.faces.cli import answers


def command(
    out: Annotated[
        Path | None, typer.Option("--out", help=answers.words("写到文件", "Write to a file"))
    ] = None,
) -> None:
    """输出 OpenAPI 3.1 文档 · Print the OpenAPI 3.1 document."""
    import_string(f"{settings.ROOT_URLCONF}.urlpatterns")  # the addresses tell the document its scopes
    text = json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=2)
    if out is None:
        print(text)  # noqa: T201 - the answer itself, JSON whatever the style
    else:
        out.write_text(text + "\n", encoding="utf-8")
        answers.say("已写到 {out}", "Written to {out}", out=out)

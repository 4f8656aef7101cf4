"""The two phones as a page: the champion's (tasks to confirm) and the customer's (messages, codes, groups), and the switches."""

import json
from dataclasses import asdict
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from tongxin.connect.wecom.sandbox import acts, messages, moments
from tongxin.connect.wecom.sandbox.faults import Switch
from tongxin.connect.wecom.sandbox.platform import Fake

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=UTF-8"
Answer = tuple[int, str, bytes]

_STYLE = """
:root{color-scheme:light dark;--paper:#f4f1ec;--card:#fff;--ink:#26221d;--soft:#6d665c;--line:#ddd6cb;--go:#1f7a4d}
@media(prefers-color-scheme:dark){:root{--paper:#1b1916;--card:#26231f;--ink:#efe9df;--soft:#a89f92;--line:#3c372f;--go:#6fcf9b}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif}
header{padding:20px 24px 0;max-width:1000px;margin:auto}h1{font-size:20px;margin:0}p{margin:4px 0;color:var(--soft)}
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:20px;padding:20px 24px;max-width:1000px;margin:auto}
section{background:var(--card);border:1px solid var(--line);border-radius:24px;padding:20px;min-height:420px}
h2{font-size:17px;margin:0 0 8px}ul{list-style:none;padding:0;margin:12px 0}li{border-top:1px solid var(--line);padding:12px 0;white-space:pre-wrap;overflow-wrap:anywhere}
form{display:inline}select,button{font:inherit;padding:8px 14px;border-radius:12px;border:1px solid var(--line);background:var(--card);color:var(--ink);min-height:44px;max-width:100%}
button{border-color:var(--go);color:var(--go);cursor:pointer}.soft{color:var(--soft);font-size:14px}
"""


def settle(fake: Fake) -> None:
    """A small world to begin with: two colleagues, three neighbours, a group and a code into it."""
    acts.hire(fake, "lin", "林小满", 2)
    acts.hire(fake, "chen", "陈晓", 3)
    for key, name in (("wm-anna", "安然"), ("wm-bo", "小博"), ("wm-ci", "阿慈")):
        acts.appear(fake, key, name)
        acts.befriend(fake, "lin", key)
    chat = acts.open_group(fake, "lin", "古墩路店 · 烘焙邻里 1 群")
    acts.join(fake, chat, "wm-anna")
    way = {
        "scene": 2,
        "chat_id_list": [chat],
        "auto_create_room": 1,
        "room_base_name": "古墩路店 · 烘焙邻里 ",
        "room_base_id": 2,
    }
    key = fake.world.name("cfg", 10)
    fake.world.put("ways", key, way | {"config_id": key, "way": "group", "qr_code": "", "state": "poster"})


def page(fake: Fake, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
    """The page, or a switch."""
    if method == "GET" and path == "/":
        return 200, HTML, _phones(fake, query).encode()
    if method == "GET" and path == "/_sandbox/state":
        return 200, JSON, _state(fake)
    if method != "POST":
        return 404, "text/plain", b"not found"
    given = _given(body)
    try:
        where = _press(fake, path.strip("/").split("/"), given, query)
    except (KeyError, ValueError, TypeError, IndexError) as fault:
        return 422, "text/plain; charset=utf-8", type(fault).__name__.encode()
    if where is None:
        return 200, JSON, b'{"ok":true}'
    return 303, "", where.encode()


def _given(body: bytes) -> dict[str, Any]:
    if body[:1] in {b"{", b"["}:
        found = json.loads(body)
        return found if isinstance(found, dict) else {"all": found}
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _state(fake: Fake) -> bytes:
    found = {
        "now": fake.world.now(),
        "calls": dict(fake.seen.calls),
        "peak": dict(fake.seen.peak),
        "messages": fake.world.all("messages"),
        "groups": fake.world.all("groups"),
        "faults": [asdict(one) for one in fake.faults.on],
        "callbacks": {"waiting": len(fake.post.queue), "told": fake.post.told, "lost": fake.post.lost},
    }
    return json.dumps(found, ensure_ascii=False).encode()


def _press(fake: Fake, steps: list[str], given: dict[str, Any], query: dict[str, str]) -> str | None:
    """A button. Answers the page to show next; None for programs."""
    back = str(given.get("back") or "")
    here = f"/?{back}" if back else None
    match steps:
        case ["_sandbox", "set"]:
            for name, value in given.items():
                fake.world.set(name, value)
        case ["_sandbox", "clock"]:
            fake.world.set("ahead", float(fake.world.setting("ahead")) + float(given["advance"]))
        case ["_sandbox", "faults"]:
            fake.faults.set(*(Switch(**one) for one in given["all"]))
        case ["_sandbox", "revoke"]:
            for row in fake.world.all("tokens"):
                fake.world.put("tokens", row["token"], row | {"over": 40014})
        case ["_sandbox", "staff", userid, "confirm"]:
            msgid = query.get("msgid") or str(given["msgid"])
            if not (messages.tap(fake.world, msgid, userid) or moments.tap(fake.world, msgid, userid)):
                raise ValueError(msgid)
        case ["_sandbox", "customer", external, "scan"]:
            acts.scan(fake, str(given["config_id"]), external)
        case ["_sandbox", "customer", external, "leave"]:
            acts.leave(fake, str(given["chat_id"]), external)
        case ["_sandbox", "customer", external, "unfriend"]:
            acts.unfriend(fake, str(given["userid"]), external)
        case _:
            raise KeyError("/".join(steps))
    return here


def _phones(fake: Fake, query: dict[str, str]) -> str:
    world = fake.world
    users, people = list(world.tables["users"]), list(world.tables["externals"])
    staff = query.get("staff") if query.get("staff") in users else users[0] if users else ""
    who = query.get("who") if query.get("who") in people else people[0] if people else ""
    back = f"staff={staff}&amp;who={who}"
    pick = _pick("staff", world.all("users"), "userid", str(staff), {"who": str(who)})
    pick_who = _pick("who", world.all("externals"), "external_userid", str(who), {"staff": str(staff)})
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>企业微信沙盒</title><style>{_STYLE}</style><header><h1>企业微信沙盒</h1>"
        "<p>这里的人和消息都是模拟的，不会发到真实的微信。</p></header><main>"
        f"<section><h2>主理人的手机</h2>{pick}{_champion(fake, str(staff), back)}</section>"
        f"<section><h2>会员的手机</h2>{pick_who}{_customer(fake, str(who), back)}</section></main></html>"
    )


def _pick(name: str, rows: list[dict[str, Any]], key: str, chosen: str, keep: dict[str, str]) -> str:
    options = "".join(
        f'<option value="{escape(row[key])}"{" selected" if row[key] == chosen else ""}>{escape(row["name"])}</option>'
        for row in rows[:200]
    )
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in keep.items())
    label = "选同事" if name == "staff" else "选会员"
    return f'<form>{hidden}<select name="{name}" aria-label="{label}">{options}</select> <button>看这部手机</button></form>'


def _button(path: str, words: str, back: str, **fields: str) -> str:
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in fields.items())
    return (
        f'<form method="post" action="{escape(path)}"><input type="hidden" name="back" value="{back}">{hidden}'
        f"<button>{words}</button></form>"
    )


def _champion(fake: Fake, staff: str, back: str) -> str:
    lines = []
    for row in reversed(fake.world.all("messages")):
        mine = [target for user, target in row["targets"] if user == staff]
        if not mine or row["cancelled"]:
            continue
        if staff in row["tapped"]:
            sent = sum(row["results"].get(one, [0])[0] == messages.SENT for one in mine)
            end = f'<span class="soft">已发送 {sent}/{len(mine)}</span>'
        else:
            end = _button(
                f"/_sandbox/staff/{staff}/confirm", f"发送给 {len(mine)} 位", back, msgid=row["msgid"]
            )
        lines.append(f"<li>{escape(row['text'])}\n{end}</li>")
    for row in reversed(fake.world.all("moments")):
        if staff in row["senders"] and not row["cancelled"]:
            done = staff in row["tapped"]
            end = (
                '<span class="soft">已发表</span>'
                if done
                else _button(f"/_sandbox/staff/{staff}/confirm", "发到朋友圈", back, msgid=row["moment_id"])
            )
            lines.append(f"<li>朋友圈：{escape(row['text'])}\n{end}</li>")
    notices = [row for row in fake.world.all("notices") if staff in row["to"]]
    lines += [
        f'<li class="soft">应用消息：{escape(json.dumps(row["body"], ensure_ascii=False))}</li>'
        for row in notices[-5:]
    ]
    return f"<ul>{''.join(lines[:30])}</ul>" if lines else "<p>今天没有要确认的任务。</p>"


def _customer(fake: Fake, who: str, back: str) -> str:
    world, lines = fake.world, []
    for row in world.all("groups"):
        if who in row["members"]:
            button = _button(f"/_sandbox/customer/{who}/leave", "退出群聊", back, chat_id=row["chat_id"])
            lines.append(f"<li>{escape(row['name'])}（{len(row['members'])} 人）\n{button}</li>")
    for row in world.all("ways"):
        button = _button(f"/_sandbox/customer/{who}/scan", "扫这个码", back, config_id=row["config_id"])
        words = "入群码" if row["way"] == "group" else "加好友码"
        lines.append(f"<li>{words} · {escape(str(row.get('state') or row['config_id']))}\n{button}</li>")
    for row in reversed(world.all("messages")):
        groups = {
            target
            for target in row["results"]
            if who in (world.get("groups", target) or {"members": {}})["members"]
        }
        if row["results"].get(who, [0])[0] == messages.SENT or groups:
            lines.append(f"<li>{escape(row['text'])}</li>")
    lines += [
        f"<li>{escape(row['text'])}</li>"
        for row in world.all("welcomes")
        if row["external"] == who and row["text"]
    ]
    return f"<ul>{''.join(lines[:40])}</ul>" if lines else "<p>还没有消息。</p>"

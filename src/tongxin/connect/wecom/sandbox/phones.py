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
:root{color-scheme:light dark;--paper:#f3efe9;--card:#fff;--ink:#1b1d2c;--soft:#5d6072;--line:#e2dcd3;--control:#868995;--go:#00706b;--said:#e4f1ef;--dark:#1b1d2c;--pale:#f1eff3}
@media(prefers-color-scheme:dark){:root{--paper:#14151f;--card:#20212e;--ink:#f1eff3;--soft:#b0b2c0;--line:#363849;--control:#7a7d91;--go:#48d6cc;--said:#1d3a3a;--dark:#0c0d14;--pale:#f1eff3}}
*{box-sizing:border-box}html,body{margin:0;background:var(--paper)}body{color:var(--ink);font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif}
header{padding:24px 20px 0;max-width:900px;margin:auto;text-align:center}h1{font-size:22px;margin:0;text-wrap:balance}p{margin:4px 0;color:var(--soft);font-size:14px}
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),400px));justify-content:center;gap:28px;padding:24px 20px 40px}
.device{background:var(--card);border:8px solid var(--dark);border-radius:36px;overflow:hidden;display:flex;flex-direction:column;min-height:560px}
.device>h2{margin:0;padding:12px 20px;background:var(--dark);color:var(--pale);font-size:16px;font-weight:600}
.device>form,.device>div{padding:12px 16px}.device>form{display:flex;gap:8px;border-bottom:1px solid var(--line)}.device select{flex:1;min-width:0}
.device>form select,button{font:inherit;font-size:15px;padding:8px 14px;border-radius:12px;border:1px solid var(--control);background:var(--card);color:var(--ink);min-height:44px;max-width:100%}
button{cursor:pointer}button.go{border-color:var(--go);background:var(--go);color:var(--card);font-weight:600}
:focus-visible{outline:2px solid var(--go);outline-offset:2px}
h3{font-size:14px;font-weight:600;color:var(--soft);margin:12px 0 4px}ul{list-style:none;padding:0;margin:0}
li{padding:10px 0;border-top:1px solid var(--line)}li:first-child{border-top:0}li form{margin-top:8px}
.row{display:flex;gap:12px;align-items:center;justify-content:space-between}.row form{margin:0;flex:none}.row small,.soft{color:var(--soft);font-size:14px;display:block}
.bubble{background:var(--said);border-radius:4px 16px 16px;padding:10px 14px;white-space:pre-wrap;overflow-wrap:anywhere;border:0;margin-top:8px}
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
    who = query.get("who") if query.get("who") in people else people[-1] if people else ""
    back = f"staff={staff}&amp;who={who}"
    pick = _pick("staff", world.all("users"), "userid", str(staff), {"who": str(who)})
    pick_who = _pick("who", world.all("externals"), "external_userid", str(who), {"staff": str(staff)})
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>企业微信沙盒</title><style>{_STYLE}</style></head><body><header><h1>两部手机</h1>"
        "<p>模拟的企业微信：这里的人和消息都不会到真的微信里。</p></header><main>"
        f'<section class="device" aria-labelledby="h-staff"><h2 id="h-staff">主理人的手机</h2>{pick}'
        f"<div>{_champion(fake, str(staff), back)}</div></section>"
        f'<section class="device" aria-labelledby="h-who"><h2 id="h-who">会员的手机</h2>{pick_who}'
        f"<div>{_customer(fake, str(who), back)}</div></section></main></body></html>"
    )


def _pick(name: str, rows: list[dict[str, Any]], key: str, chosen: str, keep: dict[str, str]) -> str:
    options = "".join(
        f'<option value="{escape(row[key])}"{" selected" if row[key] == chosen else ""}>{escape(row["name"])}</option>'
        for row in rows[-200:]
    )
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in keep.items())
    label = "选同事" if name == "staff" else "选会员"
    return f'<form>{hidden}<select name="{name}" aria-label="{label}">{options}</select><button>换这部</button></form>'


def _button(path: str, words: str, back: str, *, go: bool = False, **fields: str) -> str:
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in fields.items())
    look = ' class="go"' if go else ""
    return (
        f'<form method="post" action="{escape(path)}"><input type="hidden" name="back" value="{back}">{hidden}'
        f"<button{look}>{words}</button></form>"
    )


def _part(title: str, lines: list[str]) -> str:
    return f"<h3>{title}</h3><ul>{''.join(lines)}</ul>" if lines else ""


def _bubble(text: str) -> str:
    return f'<div class="bubble">{escape(text)}</div>'


def _champion(fake: Fake, staff: str, back: str) -> str:
    todo, done = [], []
    for row in reversed(fake.world.all("messages")):
        mine = [target for user, target in row["targets"] if user == staff]
        if not mine or row["cancelled"]:
            continue
        if staff in row["tapped"]:
            sent = sum(row["results"].get(one, [0])[0] == messages.SENT for one in mine)
            done.append(f'<li>{_bubble(row["text"])}<span class="soft">已发送 {sent}/{len(mine)}</span></li>')
        else:
            whom = "个群" if row["kind"] == "group" else "位客户"
            press = _button(
                f"/_sandbox/staff/{staff}/confirm",
                f"发送给 {len(mine)} {whom}",
                back,
                go=True,
                msgid=row["msgid"],
            )
            todo.append(f"<li>{_bubble(row['text'])}{press}</li>")
    for row in reversed(fake.world.all("moments")):
        if staff in row["senders"] and not row["cancelled"]:
            if staff in row["tapped"]:
                done.append(f'<li>{_bubble(row["text"])}<span class="soft">朋友圈已发表</span></li>')
                continue
            press = _button(
                f"/_sandbox/staff/{staff}/confirm", "发到朋友圈", back, go=True, msgid=row["moment_id"]
            )
            todo.append(f"<li>{_bubble(row['text'])}{press}</li>")
    notices = [row for row in fake.world.all("notices") if staff in row["to"]]
    told = [f"<li>{_bubble(_said(row['body']))}</li>" for row in reversed(notices[-5:])]
    return (
        (_part("等你点一下", todo[:20]) or "<p>今天没有要确认的任务。</p>")
        + _part("应用消息", told)
        + _part("发过的", done[:10])
    )


def _said(body: Any) -> str:
    """The words of an application message, whatever its kind."""
    if isinstance(body, dict):
        return str(body.get("content") or body.get("description") or json.dumps(body, ensure_ascii=False))
    return str(body)


def _customer(fake: Fake, who: str, back: str) -> str:
    world = fake.world
    inside = [row for row in world.all("groups") if who in row["members"]]
    groups = [
        f'<li class="row"><span>{escape(row["name"])}<small>{len(row["members"])} 人</small></span>'
        f"{_button(f'/_sandbox/customer/{who}/leave', '退出', back, chat_id=row['chat_id'])}</li>"
        for row in inside
    ]
    codes = [
        f'<li class="row"><span>{escape(str(row.get("remark") or "码"))}<small>{"带进群" if row["way"] == "group" else "加店员"}</small></span>'
        f"{_button(f'/_sandbox/customer/{who}/scan', '扫一扫', back, go=True, config_id=row['config_id'])}</li>"
        for row in world.all("ways")
    ]
    mine = {row["chat_id"] for row in inside}
    heard = [
        _bubble(row["text"])
        for row in reversed(world.all("messages"))
        if row["results"].get(who, [0])[0] == messages.SENT or mine & set(row["results"])
    ]
    heard += [_bubble(row["text"]) for row in world.all("welcomes") if row["external"] == who and row["text"]]
    return (
        (_part("收到的", [f"<li>{one}</li>" for one in heard[:20]]) or "<p>还没有消息。扫一个码试试。</p>")
        + _part("在的群", groups)
        + _part("看到的码", codes[:20])
    )

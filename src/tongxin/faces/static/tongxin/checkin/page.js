// The door. Whatever happens is decided here from the kept list; the server is asked when it answers quickly, and told later when not.

import { watch, codeIn } from "./camera.js";
import { doorHash, listHolds, publicKey, ticketIn } from "./codes.js";
import { answer, clockTime, el, ring, row as drawRow, say } from "./draw.js";
import { dropList, forget, journal, keepList, keptList, sent, write } from "./keep.js";
import { ask } from "./net.js";
import { signal, wake } from "./signals.js";
import { counted, decide, mayUndo, present } from "./verdict.js";

const page = document.getElementById("door").dataset;
const token = document.querySelector("#door [name=csrfmiddlewaretoken]").value;
const at = (id) => document.getElementById(id);
const OLD = 10 * 60 * 1000; // a list is called old after this
const FRESHEN = 60 * 1000;
const FOUND_MOST = 8;

let list = null; // the door's list, verified
let lines = []; // this phone's journal of this event
let ahead = 0; // of the server's clock before this phone's
let revoked = false;
let tab = "due";
let stopCamera = null;
let busy = false;

const now = () => Date.now() + ahead;
const pending = () => lines.filter((line) => !line.sent);

// ---- the list

async function take({ list: body, signature, public: point, ahead: off }, { fresh }) {
  const key = await publicKey(point);
  if (!(await listHolds(body, signature, key))) return false;
  list = { ...JSON.parse(body), key_public: key };
  ahead = fresh ? Date.parse(list.made_at) - Date.now() : (off ?? 0);
  if (Math.abs(ahead) < 5000) ahead = 0;
  if (fresh) {
    const row = { event: page.event, door: list.door, list: body, signature, public: point, ahead };
    await keepList({ ...row, expires_at: Date.parse(list.expires_at) - ahead });
  }
  return true;
}

async function freshen() {
  if (revoked) return;
  const told = await ask(page.open, list ? { door: list.door } : {}, token, 8000);
  if (told.list) await take(told, { fresh: true });
  else if (told.code === "events.door_revoked") await shut(told.said);
  else if (told.code && !list) at("status").textContent = told.said;
  if (told.signedOut) at("status").textContent = say("signed_out");
}

async function shut(words) {
  revoked = true;
  list = null;
  await dropList(page.event);
  stopWatching();
  answer(at("verdict"), "no", { title: say("revoked"), note: words });
}

// ---- one scan

async function scanned(text) {
  if (busy || revoked) return;
  if (!list) return answer(at("verdict"), "no", { title: say("no_list"), note: say("no_list_note") });
  busy = true;
  try {
    const ticket = await ticketIn(text, list);
    if (!ticket) return conclude({ did: "refused", why: "invalid" }, null);
    const mark = await doorHash(list, `ticket:${ticket}`);
    const row = list.rows.find((one) => one.t === mark) ?? null;
    await admit(row, { via: "ticket", ticket: text.trim() });
  } finally {
    busy = false;
  }
}

async function admit(row, how, forced = false) {
  const said = decide(row, present(list, lines));
  const line = newLine({ ...how, row: row?.r, name: row?.n ?? "", party: row?.p ?? 1, forced });
  const fields = { nonce: line.nonce, door: list.door, forced: forced ? "yes" : "" };
  if (how.ticket) fields.ticket = how.ticket;
  else fields.registration = row.r;
  const told = pending().length ? { away: true } : await ask(page.scan, fields, token);
  if (told.code === "events.door_revoked") return shut(told.said);
  if (told.did) {
    const known = { did: told.did, why: told.why, at: told.came_at, online: true };
    return conclude(known, row ?? { r: told.registration, n: told.name, p: told.party }, { ...line, sent: true });
  }
  if (told.code === "events.ticket") return conclude({ did: "refused", why: "stale" }, row);
  if (told.code && told.code !== "events.door_closed") return conclude({ did: "refused", why: "said", said: told.said }, row);
  if (forced && said.did === "already") return conclude({ ...said, did: "admitted", why: "already" }, row, line);
  return conclude(said, row, line);
}

function newLine(more) {
  const scanned_at = new Date(now()).toISOString();
  const expires_at = list ? Date.parse(list.expires_at) - ahead : Date.parse(page.until);
  return { nonce: crypto.randomUUID(), event: page.event, door: list?.door, scanned_at, expires_at, sent: false, ...more };
}

/** Write down what was done, and say it in colour, sign, word, sound and touch. */
async function conclude(said, row, line = null) {
  if (line) {
    const kept = { ...line, did: said.did, did_why: said.why, row: row?.r ?? line.row, name: row?.n ?? line.name };
    await write(kept);
    lines.push(kept);
    line = kept;
  }
  const who = row ? say("who", { name: row.n, party: row.p }) : "";
  const offline = line && !line.sent;
  const undo = line && said.did === "admitted" ? [[say("undo"), () => takeBack(line), "clear"]] : [];
  let kind = "no";
  const instead = ["cancelled", "not_confirmed"].includes(said.why) ? [[say("add"), addSomebody], [say("leave"), clear, "clear"]] : [];
  let words = { title: say(`no_${said.why}`), who, note: said.said ?? say(`no_${said.why}_note`), buttons: instead };
  if (said.did === "admitted" && said.unknown && !said.online) {
    kind = "off";
    words = { title: say("later"), who: say("later_who"), note: say("later_note", { n: pending().length }), buttons: undo };
  } else if (said.did === "admitted") {
    kind = "ok";
    const note = said.why === "already" ? say("again_note") : offline ? say("ok_offline") : say("ok_online");
    words = { title: say("ok"), who, note, buttons: undo };
  } else if (said.did === "already") {
    kind = "mind";
    const came = said.at ?? said.came?.at;
    const note = say("already_note", { at: came ? clockTime(came) : "" });
    const again = () => admit(row, { via: line?.via ?? "search", ticket: line?.ticket, registration: row.r }, true);
    words = { title: say("already"), who, note, buttons: [[say("let_in"), again], [say("leave"), clear, "clear"]] };
  }
  answer(at("verdict"), kind, words);
  signal(kind);
  await draw();
  if (offline) flush();
  return kind;
}

function clear() {
  at("verdict").hidden = true;
  delete document.querySelector(".view").dataset.kind;
}

async function takeBack(line) {
  const undo = newLine({ via: line.via, did: "annulled", did_why: "annulled", annuls: line.nonce, row: line.row });
  if (!mayUndo(line, lines, now())) return answer(at("verdict"), "mind", { title: say("undo_late"), note: say("undo_late_note") });
  const told = line.sent ? await ask(page.annul, { nonce: undo.nonce, scan: line.nonce, door: line.door }, token) : { away: true };
  if (told.code) return answer(at("verdict"), "mind", { title: say("undo_not"), note: told.said });
  undo.sent = Boolean(told.did);
  await write(undo);
  lines.push(undo);
  answer(at("verdict"), "mind", { title: say("undone"), who: line.name, note: undo.sent ? "" : say("undone_offline") });
  signal("mind");
  await draw();
  flush();
}

// ---- walking in

const addSomebody = () => at("sheet").showModal();

async function walkIn(form) {
  const who = { phone: form.phone.value.trim(), nickname: form.nickname.value.trim(), party: form.party.value };
  const line = newLine({ via: "walk_in", name: who.nickname ? `${who.nickname.slice(0, 1)}*` : say("guest"), party: Number(who.party) });
  const told = pending().length ? { away: true } : await ask(page.walkin, { nonce: line.nonce, door: line.door, ...who }, token);
  form.reset();
  at("sheet").close();
  if (told.code) return conclude({ did: "refused", why: "said", said: told.said }, null);
  if (told.did) {
    const said = { did: told.did, why: told.why, at: told.came_at, online: true };
    return conclude(said, { r: told.registration, n: told.name, p: told.party }, { ...line, sent: true, walked: true });
  }
  return conclude({ did: "admitted", why: "ok" }, { n: line.name, p: line.party }, { ...line, walk_in: who, walked: true });
}

// ---- the queue

let flushing = false;

async function flush() {
  if (flushing || !navigator.onLine) return;
  flushing = true;
  try {
    const doors = new Set(pending().map((line) => line.door));
    for (const door of doors) {
      const waiting = pending().filter((line) => line.door === door).slice(0, 200);
      const body = JSON.stringify(waiting.map(asEntry));
      const told = await ask(page.sync, { door, journal: body }, token, 15000);
      if (!told.taken) {
        if (told.signedOut) at("status").textContent = say("signed_out");
        break;
      }
      const nonces = waiting.map((line) => line.nonce);
      await sent(nonces);
      for (const line of lines) if (nonces.includes(line.nonce)) Object.assign(line, { sent: true, walk_in: undefined });
      await freshen();
    }
  } finally {
    flushing = false;
    await draw();
  }
}

const asEntry = ({ nonce, did, did_why, scanned_at, via, ticket, row, walk_in, forced, annuls }) => ({
  ...{ nonce, did, did_why: did_why === "stale" || did_why === "said" ? "invalid" : did_why, scanned_at, via, forced },
  ...(annuls ? { annuls } : ticket ? { ticket } : walk_in ? { walk_in } : { registration: row }),
});

// ---- what is seen

async function draw() {
  const waiting = pending().length;
  const away = !navigator.onLine;
  at("state").className = `badge ${away ? "off" : waiting ? "warn" : "good"}`;
  at("state").textContent = say(away ? "state_off" : waiting ? "state_queue" : "state_on", { n: waiting });
  if (!list) return at("body").toggleAttribute("hidden", !revoked && lines.length === 0);
  at("body").hidden = false;
  const age = now() - Date.parse(list.made_at);
  at("status").textContent = say(age > OLD ? "list_old" : "list_age", { at: clockTime(Date.parse(list.made_at)) });
  const inside = present(list, lines);
  const known = new Set(list.rows.map((row) => row.r));
  const walked = lines.filter((l) => l.walked && l.did === "admitted" && !known.has(l.row) && !lines.some((u) => u.annuls === l.nonce));
  const count = counted(list, inside, walked.reduce((n, l) => n + l.party, 0));
  ring(at("ring"), count.came, count.seats);
  at("count").textContent = say(count.parties ? "count" : "count_all", count);
  drawTabs(inside);
  await drawFound(inside);
  drawRecent();
}

const GROUPS = {
  due: (row, inside) => row.s === "confirmed" && !inside.has(row.r),
  in: (row, inside) => inside.has(row.r),
  line: (row) => row.s === "waiting" || row.s === "offered",
  out: (row) => row.s === "cancelled",
};

function drawTabs(inside) {
  for (const button of document.querySelectorAll("[data-tab]")) {
    const count = list.rows.filter((row) => GROUPS[button.dataset.tab](row, inside)).length;
    button.querySelector("small").textContent = count;
    button.setAttribute("aria-pressed", String(button.dataset.tab === tab));
  }
}

async function drawFound(inside) {
  const wanted = at("q").value.trim().toLowerCase().replaceAll(" ", "");
  let rows = list.rows.filter((row) => GROUPS[tab](row, inside));
  let note = "";
  if (wanted) {
    const digits = /^\d+$/.test(wanted);
    if (digits ? wanted.length !== 4 : wanted.length < 1) [rows, note] = [[], say("search_short")];
    else {
      const hash = await doorHash(list, `${digits ? "tail" : "name"}:${wanted}`);
      rows = list.rows.filter((row) => (digits ? row.d === hash : row.w.includes(hash) || row.n.slice(0, 1) === wanted.slice(0, 1)));
      if (!rows.length) note = say("search_none");
    }
  }
  const shown = rows.slice(0, wanted ? FOUND_MOST : 60).map((row) => {
    const known = [say("party", { n: row.p }), say(inside.has(row.r) ? "s_in" : `s_${row.s}`)].join(" · ");
    const may = row.s === "confirmed" && !inside.has(row.r);
    return drawRow(row.n, known, may && { text: say("check_in"), act: () => admit(row, { via: "search" }) });
  });
  at("rows").replaceChildren(...shown);
  at("rows-note").textContent = note || (shown.length ? "" : say("nobody"));
}

function drawRecent() {
  const recent = lines.filter((line) => !line.annuls).sort((a, b) => (a.scanned_at < b.scanned_at ? 1 : -1)).slice(0, 6);
  at("recent").replaceChildren(
    ...recent.map((line) => {
      const undone = lines.some((other) => other.annuls === line.nonce);
      const word = undone ? say("r_undone") : say(`r_${line.did}`);
      const known = [clockTime(line.scanned_at), word, line.sent ? "" : say("r_waiting")].filter(Boolean).join(" · ");
      const may = mayUndo(line, lines, now());
      return drawRow(line.name || say("guest"), known, may && { text: say("undo"), act: () => takeBack(line) });
    }),
  );
  at("recent-card").hidden = !recent.length;
}

async function showRoster() {
  const told = await ask(page.roster, {}, token, 8000);
  const box = at("children");
  if (!told.children) return box.replaceChildren(el("p", "note", told.said ?? say("roster_away")));
  if (!told.children.length) return box.replaceChildren(el("p", "note", say("roster_none")));
  const names = new Map((list?.rows ?? []).map((row) => [row.r, row.n]));
  const rows = told.children.map((child) => {
    const known = [say("with", { name: names.get(child.registration) ?? "" }), child.allergy && say("allergy", { what: child.allergy })];
    return drawRow(say("child", { name: child.nickname, age: child.age_years }), known.filter(Boolean).join(" · "));
  });
  box.replaceChildren(el("ul", "rows divide"));
  box.firstChild.append(...rows); // shown, never kept
}

// ---- the camera, and codes without one

async function startWatching() {
  wake();
  if (stopCamera) return stopWatching();
  try {
    stopCamera = await watch(at("video"), scanned);
    at("video").hidden = false;
    at("frame").hidden = true;
    at("scan-word").textContent = say("stop");
  } catch {
    at("by-hand").open = true;
    at("camera-note").textContent = say("no_camera");
  }
}

function stopWatching() {
  stopCamera?.();
  stopCamera = null;
  at("video").hidden = true;
  at("frame").hidden = false;
  at("scan-word").textContent = say("scan");
}

async function fromPicture(input) {
  const [file] = input.files;
  input.value = "";
  const code = file ? await codeIn(file).catch(() => "") : "";
  if (code) await scanned(code);
  else answer(at("verdict"), "mind", { title: say("no_code"), note: say("no_code_note") });
}

// ---- begin

function listen() {
  at("look").addEventListener("click", startWatching);
  at("picture").addEventListener("change", (event) => fromPicture(event.target));
  at("code-form").addEventListener("submit", (event) => {
    event.preventDefault();
    wake();
    const field = at("code");
    scanned(field.value).then(() => (field.value = ""));
  });
  at("q").addEventListener("input", () => list && draw());
  for (const button of document.querySelectorAll("[data-tab]"))
    button.addEventListener("click", () => ((tab = button.dataset.tab), draw()));
  at("add").addEventListener("click", addSomebody);
  at("sheet-close").addEventListener("click", () => at("sheet").close());
  at("walk").addEventListener("submit", (event) => (event.preventDefault(), walkIn(event.target)));
  at("show-roster").addEventListener("click", showRoster);
  addEventListener("online", () => flush().then(freshen).then(draw));
  addEventListener("offline", draw);
}

async function begin() {
  listen();
  await forget();
  lines = await journal(page.event);
  const kept = await keptList(page.event);
  if (kept && !(await take(kept, { fresh: false }))) await dropList(page.event);
  await draw();
  await freshen();
  await flush();
  await draw();
  if (!list && !revoked && at("status").textContent === say("opening")) at("status").textContent = say("no_list_note");
  setInterval(() => flush().then(() => now() - Date.parse(list?.made_at) > FRESHEN && freshen()).then(draw), 20_000);
  setInterval(async () => {
    await forget();
    if (list && Date.parse(list.expires_at) - ahead <= Date.now()) [list, lines] = [null, await journal(page.event)];
  }, 60_000);
  document.documentElement.dataset.ready = "yes";
}

async function keep() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(page.worker, { scope: page.scope });
  await navigator.serviceWorker.ready;
  if (navigator.onLine && !(await caches.match(location.pathname))) {
    // The first visit came before the keeper; the page is asked for once more so that it is kept.
    const copy = await fetch(location.pathname).catch(() => null);
    if (copy?.ok) await (await caches.open("tongxin-checkin")).put(location.pathname, copy);
  }
  document.documentElement.dataset.kept = "yes";
}

begin();
keep().catch(() => undefined);

// What this phone says by itself, from its list and its own journal. Pure: no page, no network, no storage.

const UNDO = 10 * 60 * 1000;

/** Who is in, by registration: what the list says, then what this phone did since. */
export function present(list, journal) {
  const made = Date.parse(list.made_at);
  const taken = new Map(journal.filter((l) => l.annuls).map((l) => [l.annuls, l]));
  const inside = new Map();
  for (const row of list.rows) if (row.came) inside.set(row.r, { at: Date.parse(row.came), mine: false });
  for (const line of journal) {
    if (!line.row || line.did !== "admitted") continue;
    const undo = taken.get(line.nonce);
    const at = Date.parse(line.scanned_at);
    if (!undo) {
      if (!inside.has(line.row)) inside.set(line.row, { at, mine: true, nonce: line.nonce });
      else if (!inside.get(line.row).nonce) inside.set(line.row, { ...inside.get(line.row), nonce: line.nonce });
    } else if (!undo.sent || Date.parse(undo.scanned_at) > made) inside.delete(line.row);
  }
  return inside;
}

/** {did, why} for a row of the list (null: a good code that the list does not know yet). */
export function decide(row, inside) {
  if (row === null) return { did: "admitted", why: "ok", unknown: true };
  if (row.s === "cancelled") return { did: "refused", why: row.had ? "cancelled" : "not_confirmed" };
  if (row.s !== "confirmed") return { did: "refused", why: "not_confirmed" };
  if (inside.has(row.r)) return { did: "already", why: "already", came: inside.get(row.r) };
  return { did: "admitted", why: "ok" };
}

/** May this line still be taken back by this phone? */
export function mayUndo(line, journal, now) {
  return (
    line.did === "admitted" &&
    !journal.some((other) => other.annuls === line.nonce) &&
    now - Date.parse(line.scanned_at) <= UNDO
  );
}

/** Seats of the event: in, expected, waiting, given back. */
export function counted(list, inside, walked = 0) {
  const seats = list.rows.filter((row) => row.s === "confirmed");
  const came = seats.filter((row) => inside.has(row.r));
  const sum = (rows) => rows.reduce((n, row) => n + row.p, 0);
  return { came: sum(came) + walked, seats: sum(seats) + walked, parties: seats.length - came.length };
}

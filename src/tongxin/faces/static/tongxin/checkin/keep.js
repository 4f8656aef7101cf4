// What this phone keeps: the door's list and the journal of what was done. Both in IndexedDB, both gone in time.
// A line of the journal that is not uploaded yet stays, without any name, until it is: no scan is ever lost.

const NAME = "tongxin-door";

function asked(request) {
  return new Promise((well, badly) => {
    request.onsuccess = () => well(request.result);
    request.onerror = () => badly(request.error);
  });
}

let opened = null;

function open() {
  opened ??= (async () => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("lists", { keyPath: "event" });
      request.result.createObjectStore("journal", { keyPath: "nonce" }).createIndex("event", "event");
    };
    return asked(request);
  })();
  return opened;
}

async function within(store, mode, act) {
  const base = await open();
  const deal = base.transaction(store, mode, mode === "readwrite" ? { durability: "strict" } : {});
  const answer = await act(deal.objectStore(store));
  if (mode === "readwrite") await new Promise((well, badly) => ((deal.oncomplete = well), (deal.onabort = badly)));
  return answer;
}

export const keptList = (event) => within("lists", "readonly", (s) => asked(s.get(event)));
export const keepList = (row) => within("lists", "readwrite", (s) => asked(s.put(row)));
export const dropList = (event) => within("lists", "readwrite", (s) => asked(s.delete(event)));
export const write = (line) => within("journal", "readwrite", (s) => asked(s.put(line)));
export const journal = (event) => within("journal", "readonly", (s) => asked(s.index("event").getAll(event)));

export async function sent(nonces) {
  await within("journal", "readwrite", async (store) => {
    for (const nonce of nonces) {
      const line = await asked(store.get(nonce));
      if (line) await asked(store.put({ ...line, sent: true, walk_in: undefined })); // the server has it now
    }
  });
}

/** Forget what is over: lists, lines that were uploaded, and whatever names somebody in those that were not. */
export async function forget(now = Date.now()) {
  await within("lists", "readwrite", async (store) => {
    for (const row of await asked(store.getAll())) if (row.expires_at <= now) await asked(store.delete(row.event));
  });
  await within("journal", "readwrite", async (store) => {
    for (const line of await asked(store.getAll())) {
      if (line.expires_at > now) continue;
      if (line.sent) await asked(store.delete(line.nonce));
      else if (line.name || line.walk_in?.phone) {
        const party = line.walk_in?.party;
        await asked(store.put({ ...line, name: "", walk_in: line.walk_in ? { party } : undefined }));
      }
    }
  });
}

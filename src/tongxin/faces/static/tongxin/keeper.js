// Keeps the pages of one folder for the hour without network. KEEP (name, files) stands above: the server writes it.
// Pages come from the network first, so nobody works on an old one by mistake; files come from here and are renewed behind.

const WAIT = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEEP.name).then((kept) => kept.addAll(KEEP.files)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, address));
  else if (KEEP.files.includes(address.pathname)) event.respondWith(file(event, address));
});

async function page(request, address) {
  const kept = await caches.open(KEEP.name);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(WAIT) });
    if (answer.ok && !answer.redirected && answer.headers.has("Tongxin-Keep-Until")) {
      await kept.put(address.pathname, answer.clone());
    }
    return answer;
  } catch (away) {
    await forgetOld();
    const before = await kept.match(address.pathname);
    if (before) return before;
    throw away;
  }
}

async function file(event, address) {
  const kept = await caches.open(KEEP.name);
  const before = await kept.match(address.pathname);
  const renewed = fetch(address.pathname).then((answer) => {
    if (answer.ok) kept.put(address.pathname, answer.clone());
    return answer;
  });
  if (!before) return renewed;
  event.waitUntil(renewed.catch(() => undefined));
  return before;
}

// A page says until when it may be shown from here; afterwards it goes.
async function forgetOld() {
  const kept = await caches.open(KEEP.name);
  for (const request of await kept.keys()) {
    const answer = await kept.match(request);
    const until = answer.headers.get("Tongxin-Keep-Until");
    if (until && Date.parse(until) < Date.now()) await kept.delete(request);
  }
}

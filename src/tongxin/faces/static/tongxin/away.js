// Shows one kept page where the network is gone. KEEP (name, page, files) stands above: the server writes it.
// Nothing that was read before is kept: a page of yesterday's names would be worse than none.

self.addEventListener("install", (event) => {
  const wanted = [new Request(KEEP.page, { cache: "reload" }), ...KEEP.files];
  event.waitUntil(caches.open(KEEP.name).then((kept) => kept.addAll(wanted)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => kept(KEEP.page)));
  else if (KEEP.files.includes(address.pathname)) event.respondWith(fetch(request).catch(() => kept(address.pathname)));
});

async function kept(path) {
  return (await (await caches.open(KEEP.name)).match(path)) ?? Response.error();
}

// Lets the browser keep the page for when there is no network. Where that is not offered, nothing is missing.

const folder = ["/champion/", "/member/", "/m/"].find((one) => location.pathname.startsWith(one));
if (folder && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(`${folder}app.js`, { scope: folder }).catch(() => undefined);
}

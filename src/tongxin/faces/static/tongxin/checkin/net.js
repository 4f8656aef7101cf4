// Asking the server. No network, a slow one, or a sign-in that is over: the answer is `away`, and the phone goes on by itself.

const WAIT = 2500;

/** {away: true} or {status, ...answer}. `wait` milliseconds, then the phone decides alone. */
export async function ask(address, fields, token, wait = WAIT) {
  if (!navigator.onLine) return { away: true };
  try {
    const answer = await fetch(address, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRFToken": token },
      signal: AbortSignal.timeout(wait),
    });
    if (!(answer.headers.get("Content-Type") ?? "").includes("json")) {
      return { away: true, signedOut: answer.redirected || answer.status === 403 };
    }
    if (answer.status >= 500 || answer.status === 429) return { away: true };
    return { status: answer.status, ...(await answer.json()) };
  } catch {
    return { away: true };
  }
}

// Reading a page again, and putting a part of it in the place of the same part that is shown.

const enhancers = [];

/** Runs `enhance` over the page, and over every part that is put into it later. */
export function onPage(enhance) {
  enhancers.push(enhance);
  enhance(document);
}

/** Runs all that was given to `onPage` over a part that has just been put into the page. */
export function enhance(part) {
  for (const one of enhancers) one(part);
}

/** The page at an address of this site as a document; none when one must sign in again first, which is then said. */
export async function read(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { accept: "text/html" } });
  const landed = new URL(answer.url);
  if (landed.pathname === "/sign-in") {
    askToSignIn();
    return null;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { page, status: answer.status, address: landed };
}

/** Puts the part with this id of another page in the place of ours. Where the keyboard was, it stays. */
export function replace(id, page) {
  const old = document.getElementById(id);
  const fresh = page.getElementById(id);
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  const focused = old.contains(document.activeElement) ? pathOf(document.activeElement, old) : null;
  old.replaceWith(fresh);
  enhance(fresh);
  if (focused) fresh.querySelector(focused)?.focus();
}

/** The session is over. The page stays as it is, with all that was typed. */
function askToSignIn() {
  if (document.getElementById("signed-out")) return;
  const box = document.createElement("div");
  box.id = "signed-out";
  box.className = "notice bad";
  box.setAttribute("role", "alert");
  const link = document.createElement("a");
  link.href = "/sign-in";
  link.target = "_blank";
  link.textContent = "Sign in again in another tab";
  box.append("You are signed out. ", link, ", then go on here: nothing that you typed is lost.");
  (document.querySelector("dialog[open]") ?? document.getElementById("main")).prepend(box);
  link.addEventListener("click", () => box.remove());
}

let refreshing = null;
let again = false;

/** Reads this page again and renews the parts of it that others change, too. One reading at a time, the newest last. */
export function refreshLive() {
  again = Boolean(refreshing);
  refreshing ??= refresh().finally(() => {
    refreshing = null;
    if (again) refreshLive();
  });
  return refreshing;
}

async function refresh() {
  if (!document.querySelector("[data-live][id]")) return;
  const asked = location.href;
  const fresh = await read(asked).catch(() => null);
  // A search may have led elsewhere meanwhile, and shows what is new itself.
  if (!fresh || fresh.status !== 200 || location.href !== asked) return;
  renew(fresh.page);
}

/** Puts what changed of the same page, read again, in its place. What is read out stays, and says something else. */
export function renew(page) {
  for (const part of document.querySelectorAll("[data-live][id]")) replace(part.id, page);
  for (const line of document.querySelectorAll("[data-told][id]")) {
    const said = page.getElementById(line.id)?.textContent;
    if (said !== undefined && said !== line.textContent) line.textContent = said;
  }
}

function pathOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const address = element.getAttribute("href");
  return address ? `a[href="${CSS.escape(address)}"]` : null;
}

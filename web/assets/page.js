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

/** The page at an address of this site as a document; none when there is no page to show in place of this one. */
export async function read(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { accept: "text/html" } });
  const landed = new URL(answer.url);
  if (landed.pathname === "/sign-in") {
    location.assign(landed);
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

/** Reads this page again and renews the parts of it that others change, too. */
export async function refreshLive() {
  const fresh = await read(location.href).catch(() => null);
  if (!fresh || fresh.status !== 200) return;
  for (const part of document.querySelectorAll("[data-live][id]")) replace(part.id, fresh.page);
}

function pathOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const address = element.getAttribute("href");
  return address ? `a[href="${CSS.escape(address)}"]` : null;
}

// A page that is a form opens over the page that links to it. The link works without.
import { enhance, read } from "./page.js";

/** Opens what `data-dialog` links lead to in a dialog. */
export function openDialogs() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    const elsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || elsewhere || event.defaultPrevented) return;
    event.preventDefault();
    if (link.ariaBusy === "true") return;
    link.ariaBusy = "true";
    const found = await read(link.href).catch(() => undefined);
    link.ariaBusy = null;
    const body = found?.page.querySelector("[data-dialog-body]");
    if (!body) location.assign(link.href);
    else show(body, link);
  });
}

function show(body, opener) {
  const dialog = document.createElement("dialog");
  const heading = body.querySelector("h1[id], h2[id]");
  if (heading) dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(closeButton(dialog), body);
  // A way back to the page beneath is a way out.
  dialog.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link?.href !== location.href.split("#")[0]) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    returnTo(opener);
  });
  document.body.append(dialog);
  enhance(dialog);
  dialog.showModal();
  first(dialog)?.focus();
}

function closeButton(dialog) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button plain close";
  button.setAttribute("aria-label", "Close");
  button.textContent = "✕";
  button.addEventListener("click", () => dialog.close());
  return button;
}

/** What is to be filled in first. */
function first(dialog) {
  const fields = dialog.querySelectorAll("input:not([type=hidden]), select, textarea");
  return [...fields].find((field) => !field.disabled) ?? dialog.querySelector(".button.primary");
}

/** The keyboard goes back to where it was; the link may have become another one meanwhile. */
function returnTo(opener) {
  const beside = opener.id && document.getElementById(opener.id);
  const next = opener.isConnected ? opener : beside || document.getElementById("main");
  next?.focus();
}

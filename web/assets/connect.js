// Connecting a provider without leaving the page: what was typed stays until the provider has taken it.
import { enhance, read, refreshLive } from "./page.js";
import { setFinding } from "./fields.js";

/** Sends the connect forms of a part of a page from where they are, and shows what came of it. */
export function connectInPlace(part) {
  for (const form of part.querySelectorAll("form[data-connect]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (form.dataset.sending) return;
      send(form, event.submitter ?? form.querySelector("button[type=submit]"));
    });
  }
}

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  body.set("dialog", "1");
  const done = progress(form, button);
  const answer = await read(form.getAttribute("action"), { method: "POST", body }).catch(() => undefined);
  done();
  // One must sign in again first, and is told so.
  if (answer === null) return;
  if (!answer) return unanswered(form);
  if (answer.status === 422) return refused(form, answer.page);
  const said = answer.page.querySelector("[data-said]");
  if (!said) return broken(form, answer.page);
  for (const field of form.querySelectorAll("[data-field]")) setFinding(field, "");
  tell(form, said);
  form.elements.once.value = said.dataset.once;
  // Saved under its name, it keeps it: the next key is for the same connection.
  form.setAttribute("action", said.dataset.action);
  for (const name of form.querySelectorAll("[data-naming]")) name.readOnly = true;
  if (said.dataset.said !== "bad") finish(form, answer.page);
  else {
    // It is on the list by now.
    form.querySelector("button[name=later]")?.remove();
    const inputs = [...form.querySelectorAll("[data-field] :is(input, select):enabled")];
    (inputs.find((input) => "secret" in input.dataset) ?? inputs[0])?.focus();
  }
  await refreshLive();
}

/** Says what is being done, until the function that it returns is called. */
function progress(form, button) {
  const words = button.textContent;
  const buttons = [...form.querySelectorAll("button[type=submit]")];
  form.dataset.sending = "true";
  form.setAttribute("aria-busy", "true");
  button.textContent = button.dataset.progress;
  for (const one of buttons) one.setAttribute("aria-disabled", "true");
  const line = document.createElement("p");
  line.className = "visually-hidden";
  line.textContent = button.dataset.progress;
  form.querySelector("[data-verdict]").replaceChildren(line);
  return () => {
    delete form.dataset.sending;
    form.removeAttribute("aria-busy");
    button.textContent = words;
    for (const one of buttons) one.removeAttribute("aria-disabled");
    line.remove();
  };
}

function tell(form, ...parts) {
  const place = form.querySelector("[data-verdict]");
  form.querySelector("[data-refused]")?.remove();
  place.replaceChildren(...parts);
  place.scrollIntoView({ block: "nearest" });
}

function notice(title, text) {
  const box = document.createElement("div");
  box.className = "notice bad";
  for (const [words, kind] of [[title, "notice-title"], [text, ""]]) {
    const line = document.createElement("p");
    line.className = kind;
    line.textContent = words;
    box.append(line);
  }
  return box;
}

/** The server found something wrong before anything was saved. */
function refused(form, page) {
  let first = null;
  for (const field of form.querySelectorAll("[data-field]")) {
    const same = page.querySelector(`[data-field="${CSS.escape(field.dataset.field)}"] .wrong`);
    const text = same?.textContent.trim() ?? "";
    setFinding(field, text);
    if (text) first ??= field.querySelector("input, select");
  }
  const others = [...page.querySelectorAll("[data-refused] p")].slice(1).map((line) => line.textContent.trim());
  tell(form, notice("Nothing was saved", others.join(" ") || "Put right what is marked below."));
  first?.focus();
}

/** The same form may be sent again: the server knows it by its number and does nothing twice. */
function unanswered(form) {
  tell(form, notice("There was no answer", "It is not known whether it arrived. Press the button again: nothing is saved twice."));
}

function broken(form, page) {
  const title = page.querySelector("main h1")?.textContent.trim() ?? "That could not be done";
  const text = page.querySelector("main p")?.textContent.trim() ?? "Try again in a moment.";
  tell(form, notice(title, text));
}

/** It is saved: there is nothing left to fill in. */
function finish(form, page) {
  const next = page.querySelector("[data-next]");
  const dialog = form.closest("dialog");
  for (const part of form.children) if (!part.matches("[data-verdict]")) part.hidden = true;
  form.closest("[data-dialog-body]")?.querySelector("[data-standing]")?.remove();
  if (dialog) {
    // What lies beneath needs no link.
    for (const link of next.querySelectorAll("a")) if (link.href === location.href.split("#")[0]) link.remove();
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button primary";
    close.textContent = "Done";
    close.addEventListener("click", () => dialog.close());
    next.prepend(close);
  }
  form.append(next);
  enhance(next);
  next.querySelector("a, button").focus();
}

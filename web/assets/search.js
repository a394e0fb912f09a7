// The list follows what is typed.
import { read, renew } from "./page.js";

const PAUSE = 120;

/** Searches while one types; the address follows, so that a reload or a link shows the same. */
export function searchAsYouType() {
  const form = document.querySelector("form[data-search]");
  if (!form) return;
  let latest = 0;
  let waiting;
  const search = async () => {
    const mine = ++latest;
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (!value.trim()) query.delete(name);
    const address = query.size ? `${form.action}?${query}` : form.action;
    const found = await read(address).catch(() => undefined);
    // Answers may overtake each other: only the newest counts.
    if (mine !== latest) return;
    if (found === undefined || (found && found.status !== 200)) return failed();
    if (!found) return;
    history.replaceState(null, "", address);
    renew(found.page);
  };
  const failed = () => {
    const line = document.getElementById("found");
    if (line) line.textContent = "The search could not be answered. Try again in a moment.";
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    search();
  });
}

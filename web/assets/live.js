// Open pages follow the catalog. A page that nobody looks at keeps no connection: browsers have few of them for a site.
import { refreshLive } from "./page.js";

/** After so long a page asks again whether it may follow, when too many others did. */
const LATER = 60_000;

/** Reads the parts that show the catalog again when it is another one than the page was made from. */
export function followChanges() {
  const page = document.querySelector("[data-edition]");
  if (!page) return;
  let seen = page.dataset.edition;
  let source = null;
  let later;
  const stop = () => {
    clearTimeout(later);
    source?.close();
    source = null;
  };
  const follow = () => {
    stop();
    if (document.hidden) return;
    source = new EventSource(`/live/catalog?seen=${seen}`);
    source.addEventListener("catalog", (event) => {
      seen = event.lastEventId;
      refreshLive();
    });
    source.addEventListener("error", (event) => {
      // A browser whose connection was lost tries again by itself; one that was told not to does not.
      if (event.target === source && source.readyState === EventSource.CLOSED) later = setTimeout(follow, LATER);
    });
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}

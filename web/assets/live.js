// Open pages follow the catalog. A page that nobody looks at keeps no connection: browsers have few of them for a site.
import { refreshLive } from "./page.js";

/** Reads the parts that show the catalog again when it changes. */
export function followChanges() {
  if (!document.querySelector("[data-live=catalog]")) return;
  let source = null;
  const follow = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource("/live/catalog");
      source.addEventListener("catalog", refreshLive);
      // What changed while nobody looked, or while the connection was away.
      source.addEventListener("open", refreshLive);
    }
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}

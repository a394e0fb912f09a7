// Open pages follow the catalog. A page that nobody looks at keeps no connection: browsers have few of them for a site.
import { read, replace } from "./page.js";

/** Reads the parts that show the catalog again when it changes. */
export function followChanges() {
  if (!document.querySelector("[data-live]")) return;
  let source = null;
  const refresh = async () => {
    const fresh = await read(location.href).catch(() => null);
    if (!fresh || fresh.status !== 200) return;
    for (const part of document.querySelectorAll("[data-live][id]")) replace(part.id, fresh.page);
  };
  const follow = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) {
      source = new EventSource("/live/catalog");
      source.addEventListener("catalog", refresh);
      // What changed while nobody looked, or while the connection was away.
      source.addEventListener("open", refresh);
    }
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}

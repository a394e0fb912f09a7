// The preview of a row follows what is typed.
import { read, replace } from "./page.js";

const PAUSE = 250;

/** Keeps `#preview` up with the form of a row, and shows each finding beside its field once that was typed into. */
export function previewAsYouType() {
  const form = document.querySelector("form[data-preview]");
  if (!form) return;
  const touched = new Set();
  let picture = null;
  let latest = 0;
  let waiting;
  let exchanged = Promise.resolve();

  /** What the form holds, without its file, which is shown from here. */
  const content = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));

  const look = async (body) => {
    const mine = ++latest;
    const found = await read(form.dataset.preview, { method: "POST", body }).catch(() => null);
    // Answers may overtake each other: only the newest counts.
    if (found?.status === 200 && mine === latest) show(found);
  };

  const show = (found) => {
    replace("preview", found.page);
    replace("by-hint", found.page);
    const guided = found.page.getElementById("by-guided");
    if (guided) document.getElementById("by-guided").disabled = guided.disabled;
    if (picture) showPicture(picture);
    for (const part of form.querySelectorAll("[data-findings]")) {
      const id = part.id.replace(/-wrong$/, "");
      // Of a file nothing was sent that anything could be found wrong with.
      if (id === "logo" || (!touched.has(id) && !part.hasChildNodes())) continue;
      replace(part.id, found.page);
      form.querySelector(`#${CSS.escape(id)}`)?.toggleAttribute("aria-invalid", false);
      if (document.getElementById(part.id)?.hasChildNodes()) form.querySelector(`#${CSS.escape(id)}`)?.setAttribute("aria-invalid", "true");
    }
  };

  /** The way that was left counts once more: the other one is then made the same. Until it is, nobody writes into it. */
  const exchange = async (by) => {
    const parts = ["guided", "yaml-part"];
    const rest = (resting) => parts.forEach((id) => document.getElementById(id).toggleAttribute("inert", resting));
    const body = content();
    body.set("by", by === "yaml" ? "guided" : "yaml");
    rest(true);
    latest += 1;
    const found = await read(form.dataset.preview, { method: "POST", body }).catch(() => null);
    if (found?.status === 200) {
      show(found);
      for (const id of parts) replace(id, found.page);
    }
    rest(false);
  };

  /** A file that is too large is said beside its field, before it is sent for nothing. */
  const weigh = (input) => {
    const file = input.files[0];
    const [has, most] = [file?.size ?? 0, Number(input.dataset.most)].map((bytes) => Math.ceil(bytes / 1024));
    const words = has > most ? `The file has ${has} KiB, and a logo may have ${most}. Choose a smaller one.` : "";
    input.setCustomValidity(words);
    input.toggleAttribute("aria-invalid", false);
    if (words) input.setAttribute("aria-invalid", "true");
    const line = document.createElement("p");
    line.textContent = words;
    document.getElementById(`${input.id}-wrong`).replaceChildren(...(words ? [line] : []));
  };

  const showPicture = (address) => {
    const image = new Image(40, 40);
    image.src = address;
    image.alt = "";
    image.className = "logo";
    document.querySelector("#preview .logo")?.replaceWith(image);
  };

  form.addEventListener("input", ({ target }) => {
    if (target.type === "file" || target.name === "by") return;
    touched.add(target.id);
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      await exchanged;
      look(content());
    }, PAUSE);
  });

  form.addEventListener("change", ({ target }) => {
    if (target.name === "by") {
      exchanged = exchanged.then(() => exchange(target.value));
    }
    if (target.type === "file") weigh(target);
    if (target.type === "file" && target.files[0]) {
      const reader = new FileReader();
      reader.addEventListener("load", () => {
        picture = reader.result;
        showPicture(picture);
      });
      reader.readAsDataURL(target.files[0]);
    }
  });
}

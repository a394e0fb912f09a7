// A button that copies what stands in a field.

/** Shows the buttons that copy, and has them copy. */
export function copyButtons(part) {
  for (const button of part.querySelectorAll("button[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    if (!field) continue;
    const told = button.closest(".field")?.querySelector("[data-copied]");
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(field.value);
        if (told) told.textContent = "Copied.";
      } catch {
        // Browsers let pages write to the clipboard over https and on the machine itself alone.
        field.select();
        if (told) told.textContent = "Your browser does not let this page copy. The text is selected: copy it by hand.";
      }
    });
  }
}

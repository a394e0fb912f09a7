// The fields that a provider's row asks for: shown when they apply, readable when one wants to, checked while one types.

/** Makes the forms of a part of a page quicker to fill in. */
export function easyFields(part) {
  for (const form of part.querySelectorAll("form[data-fields]")) {
    for (const input of form.querySelectorAll("input[data-secret]")) addReveal(input);
    followConditions(form);
    checkInWords(form);
  }
}

/** Puts what is wrong beside its field; an empty text takes it away. */
export function setFinding(field, text) {
  const input = inputOf(field);
  const place = field.querySelector(".wrong");
  place.textContent = text;
  place.hidden = !text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

const inputOf = (field) => field.querySelector("input, select");

function addReveal(input) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button reveal";
  button.textContent = "Show";
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-label", `Show ${input.labels[0]?.firstChild.textContent.trim() ?? "the value"}`);
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
  input.parentElement.append(button);
}

/** A field that does not apply is hidden and not sent; what was typed into it stays. */
function followConditions(form) {
  const conditional = [...form.querySelectorAll("[data-field][data-when]")];
  if (!conditional.length) return;
  const valueOf = (name) => {
    const other = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const input = other && inputOf(other);
    if (!input || input.disabled) return null;
    return input.value.trim() || (input.dataset.default ?? "");
  };
  const follow = () => {
    for (const field of conditional) {
      const applies = field.dataset.is.split("\n").includes(valueOf(field.dataset.when));
      const input = inputOf(field);
      field.hidden = !applies;
      input.disabled = !applies;
    }
  };
  for (const field of conditional) field.querySelector("[data-applies]").hidden = true;
  form.addEventListener("input", follow);
  follow();
}

/** The browser's own checks, in the row's words and beside the fields. */
function checkInWords(form) {
  const check = (input) => {
    input.setCustomValidity("");
    if (input.validity.patternMismatch) input.setCustomValidity(input.title);
  };
  form.addEventListener("input", (event) => {
    const field = event.target.closest("[data-field]");
    if (!field) return;
    check(event.target);
    if (event.target.validity.valid) setFinding(field, "");
  });
  form.addEventListener("change", (event) => {
    const field = event.target.closest("[data-field]");
    if (field && !event.target.validity.valid && event.target.value) setFinding(field, event.target.validationMessage);
  });
  // Events of this kind do not bubble.
  form.addEventListener("invalid", (event) => {
    const field = event.target.closest("[data-field]");
    if (!field) return;
    event.preventDefault();
    const missing = event.target.validity.valueMissing;
    const how = event.target.matches("select") ? "choose one" : "secret" in event.target.dataset ? "paste it" : "fill it in";
    const label = event.target.labels[0]?.firstChild.textContent.trim();
    setFinding(field, missing ? `${label} is missing; ${how}.` : event.target.validationMessage);
    form.querySelector("[data-field] :invalid")?.focus();
  }, true);
}

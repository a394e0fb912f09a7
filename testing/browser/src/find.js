// The visible elements that a locator may mean. `kind` is css, text, button, link or field; `wanted` what it asks for;
// `scope` a selector of what it must be inside, or null. Of buttons, links and fields more may be given than are meant: the
// caller compares the names that the browser itself computes.
const [kind, wanted, scope] = arguments;

const KINDS = {
  button: 'button, summary, input[type=submit], input[type=button], input[type=reset], input[type=image], [role=button], [role=tab], [role=menuitem], [role=switch]',
  link: 'a[href], [role=link]',
  field: 'input:not([type=hidden]):not([type=submit]):not([type=button]):not([type=reset]), select, textarea, [contenteditable], [role=textbox], [role=searchbox], [role=combobox], [role=checkbox], [role=radio]',
};

const plain = (text) => (text || '').replace(/\s+/g, ' ').trim();
const words = plain(wanted).toLowerCase().split(' ');
// A file's own field may be hidden behind a nicer button.
const shown = (element) =>
  element.type === 'file' ||
  (element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0);

// Everything that the element's name could be made of.
function sources(element) {
  const named = (element.getAttribute('aria-labelledby') || '').split(/\s+/).map((id) => document.getElementById(id));
  return [
    ...['aria-label', 'title', 'alt', 'placeholder', 'value'].map((name) => element.getAttribute(name)),
    ...[element, ...named.filter(Boolean), ...(element.labels || [])].map((source) => source.textContent),
    ...[...element.querySelectorAll('[alt], [aria-label]')].map((inner) => inner.getAttribute('alt') || inner.getAttribute('aria-label')),
  ].join(' ').toLowerCase();
}

// The innermost elements below `root` that show the text.
function innermost(root) {
  if (!shown(root) || !plain(root.innerText).includes(plain(wanted))) return [];
  const inner = [...root.children].flatMap(innermost);
  return inner.length > 0 ? inner : [root];
}

const roots = scope === null ? [document.documentElement] : [...document.querySelectorAll(scope)];
const below = (selector) => [...new Set(roots.flatMap((root) => [...root.querySelectorAll(selector)]))];

if (kind === 'text') {
  return [...new Set(roots.flatMap((root) => innermost(root === document.documentElement ? document.body : root)))];
}
if (kind === 'css') return (scope === null ? [...document.querySelectorAll(wanted)] : below(wanted)).filter(shown);
return below(KINDS[kind]).filter((element) => {
  const text = sources(element);
  return shown(element) && words.every((word) => text.includes(word));
});

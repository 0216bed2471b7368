// Elements from data. Text is only ever set as text: a book called <script> is shown
// as a book called <script>.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const byId = (id) => document.getElementById(id);

/** A button that cannot be pressed again while what it started is under way. */
export function button(label, run, attributes = {}) {
  const node = el('button', { type: 'button', ...attributes }, label);
  node.addEventListener('click', async () => {
    if (node.getAttribute('aria-disabled') === 'true') return;
    // aria-disabled and not disabled: the keyboard's place must not be lost.
    node.setAttribute('aria-disabled', 'true');
    try {
      await run(node);
    } finally {
      node.removeAttribute('aria-disabled');
    }
  });
  return node;
}

/** A form with labelled fields; `run` gets their values by name. */
export function form(fields, label, run) {
  const send = el('button', { type: 'submit' }, label);
  const node = el('form', {}, fields.map(({ label: text, ...attributes }) =>
    el('label', {}, text, el('input', { required: true, ...attributes }))), send);
  node.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (send.getAttribute('aria-disabled') === 'true') return;
    send.setAttribute('aria-disabled', 'true');
    try {
      await run(Object.fromEntries(new FormData(node)));
    } finally {
      send.removeAttribute('aria-disabled');
    }
  });
  return node;
}

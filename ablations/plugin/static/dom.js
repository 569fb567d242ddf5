// Build the page.  Text is only ever set as text, so that no name can be markup.

const SVG = 'http://www.w3.org/2000/svg';

export function el(name, attributes = {}, children = []) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, children = []) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(key, String(value));
    }
  }
  node.append(...children);
  return node;
}

export function empty(node) {
  node.replaceChildren();
  return node;
}

// Replace the children, unless they would be the same: focus and open details stay.
export function update(node, key, build) {
  const text = JSON.stringify(key);
  if (node.shownKey === text) return false;
  node.shownKey = text;
  const focused = node.contains(document.activeElement) ? document.activeElement.id : '';
  node.replaceChildren(...build());
  if (focused) document.getElementById(focused)?.focus();
  return true;
}

// The parts of a name that may break after a dot, a slash or an underscore.
export function breakable(text) {
  const parts = text.split(/(?<=[./_])(?=[A-Za-z])/);
  return parts.flatMap((part, place) => (place ? [el('wbr'), part] : [part]));
}

let ids = 0;
export function newId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

// A labelled <select> of [value, label] pairs.
export function select(label, choices, chosen, onChange) {
  const field = el(
    'select',
    {},
    choices.map(([value, text]) => el('option', { value, selected: value === chosen }, [text])),
  );
  field.addEventListener('change', () => onChange(field.value));
  return el('label', { class: 'field' }, [el('span', {}, [label]), field]);
}

export function checkbox(label, checked, onChange) {
  const box = el('input', { type: 'checkbox' });
  box.checked = checked;
  box.addEventListener('change', () => onChange(box.checked));
  return el('label', { class: 'field check' }, [box, el('span', {}, [label])]);
}

// Buttons of which one is pressed.
export function choice(label, choices, chosen, onChange) {
  const group = el('div', { class: 'choice', role: 'group', 'aria-label': label });
  for (const [value, text] of choices) {
    const button = el('button', { type: 'button', 'aria-pressed': value === chosen }, [text]);
    button.setAttribute('aria-pressed', String(value === chosen));
    button.addEventListener('click', () => onChange(value));
    group.append(button);
  }
  return group;
}

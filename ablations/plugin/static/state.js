// The state of the page in the address of TensorBoard's page: keys `ablations.…` of its query.

const PREFIX = 'ablations.';
const KEYS = [
  'study', 'view', 'arms', 'metric', 'curve', 'scale', 'x', 'seeds', 'sort', 'layers', 'seed', 'cell',
];

function page() {
  try {
    void window.parent.location.href; // throws where the parent is of another origin
    return window.parent;
  } catch {
    return window;
  }
}

export function readState() {
  const query = new URLSearchParams(page().location.search);
  const state = {};
  for (const key of KEYS) {
    const value = query.get(PREFIX + key);
    if (value !== null) state[key] = value;
  }
  return state;
}

// Write the state into the address, and return it without what is empty.
export function writeState(wanted) {
  const { location, history } = page();
  const url = new URL(location.href);
  const state = {};
  for (const key of KEYS) {
    const value = wanted[key];
    if (value === undefined || value === null || value === '') {
      url.searchParams.delete(PREFIX + key);
    } else {
      state[key] = String(value);
      url.searchParams.set(PREFIX + key, state[key]);
    }
  }
  if (url.href !== location.href) history.replaceState(history.state, '', url.href);
  return state;
}

export function onOutsideChange(act) {
  page().addEventListener('popstate', () => {
    if (document.defaultView) act();
  });
}

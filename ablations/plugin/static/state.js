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

let selected = ''; // what stands in the address by selectRuns

// Select runs in TensorBoard's older dashboards, which keep that in the fragment of the address.
// What the reader has selected or filtered there stays.
export function selectRuns(names) {
  if (page() === window) return; // no dashboards are around this page
  const { location, history } = page();
  const [tab, ...parts] = location.hash.slice(1).split('&');
  const wanted = names.length ? `runSelectionState=${encoded(names)}` : '';
  if (parts.includes(wanted)) selected = wanted; // since before the page was loaded again
  const others = parts.filter((part) => part !== selected);
  const isChosen = others.some((part) => /^(runSelectionState|regexInput)=/.test(part));
  if (isChosen || wanted === selected) return;
  selected = wanted;
  const url = new URL(location.href);
  url.hash = [tab, ...others, ...(wanted ? [wanted] : [])].join('&');
  history.replaceState(history.state, '', url.href);
}

function encoded(names) {
  const state = Object.fromEntries(names.map((name) => [name, true]));
  return encodeURIComponent(btoa(JSON.stringify(state)));
}

export function onOutsideChange(act) {
  page().addEventListener('popstate', () => {
    if (document.defaultView) act();
  });
}

// Light and dark, as TensorBoard is at the moment; and the colours that canvases need.

export function followTheme(redraw) {
  const outside = window.parent === window ? null : parentBody();
  const set = () => {
    const dark = outside
      ? outside.classList.contains('dark-mode')
      : window.matchMedia('(prefers-color-scheme: dark)').matches;
    const theme = dark ? 'dark' : 'light';
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    redraw();
  };
  set();
  if (outside) {
    new MutationObserver(set).observe(outside, { attributes: true, attributeFilter: ['class'] });
  } else {
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', set);
  }
}

function parentBody() {
  try {
    return window.parent.document.body;
  } catch {
    return null;
  }
}

// The value of a custom property of the style sheet, for what is drawn on a canvas.
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const HUES = 6;
const DASHES = [[], [7, 4], [2, 3]];

// How an arm is drawn: Okabe and Ito's six hues, then the same dashed, then dotted; the control in
// ink and thicker.  An arm keeps its look whatever else is shown.
export function looks(arms, control) {
  const others = arms.filter((arm) => arm !== control);
  const known = new Map();
  others.forEach((arm, place) => {
    known.set(arm, {
      hue: `arm${place % HUES}`,
      dash: DASHES[Math.floor(place / HUES) % DASHES.length],
      width: 1.8,
    });
  });
  known.set(control, { hue: 'ink', dash: [], width: 2.6 });
  return known;
}

// A view that is drawn as a whole, when what it shows or its width has changed.

export function wholeView(root, page, route, { headOf, isThere, shown, blocks }) {
  let found = null;
  let width = 0;
  let drawn = '';

  function draw() {
    if (!found) return;
    width = root.clientWidth;
    root.replaceChildren(...blocks(found, width, draw));
  }

  return {
    async load() {
      const [told, progress] = await Promise.all([page.get(route), page.get('progress')]);
      return { ...headOf(progress), ...told, live: Boolean(progress.states?.running) };
    },
    show(answered) {
      root.hidden = !isThere(answered);
      if (root.hidden) return;
      found = answered;
      const key = JSON.stringify(shown(found));
      if (drawn === key) return;
      drawn = key;
      draw();
    },
    redraw: draw,
    resized() {
      if (Math.abs(root.clientWidth - width) > 1) draw();
    },
  };
}

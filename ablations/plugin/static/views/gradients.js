// Gradient flow: a heat map for each arm, all on one scale; a cell opens its histogram.

import { breakable, el, empty, select, update } from '../dom.js';
import { number, plural } from '../format.js';
import { heatmap, scaleBar } from '../charts/heatmap.js';
import { histogram } from '../charts/histogram.js';
import { headOf } from './effects.js';

export const title = 'Gradients';
const MOST_AT_FIRST = 6;

export function open(root, page) {
  const controls = el('div', { class: 'controls' });
  const chips = el('div', { class: 'chips', role: 'group', 'aria-label': 'Arms' });
  const scale = el('div', {});
  const readout = el('p', { class: 'readout', 'aria-live': 'polite' }, []);
  const maps = el('div', { class: 'maps' });
  const detail = el('section', { class: 'detail', 'aria-label': 'Histogram' });
  const numbers = el('section', { 'aria-label': 'Numbers' });
  root.append(controls, chips, scale, readout, maps, detail, numbers);
  let found = null;
  let width = 0;

  function chosen() {
    const asked = (page.state().arms || '').split(',').filter((arm) => found.all_arms.includes(arm));
    return asked.length ? asked : found.all_arms.slice(0, MOST_AT_FIRST);
  }

  function keep(changes) {
    page.keep(changes);
    page.again();
  }

  function draw() {
    const shown = found.maps.filter((map) => map.epochs.length);
    width = root.clientWidth;
    empty(maps);
    const range = rangeOf(shown, found);
    update(scale, [range, found.metric, shown], () => [scaleBar(range, found.metric.axis, shown)]);
    const apart = 24;
    const columns = Math.max(1, Math.min(shown.length, Math.floor((width + apart) / (300 + apart))));
    const room = Math.min(640, (width - (columns - 1) * apart) / columns);
    for (const map of shown) {
      maps.append(
        el('figure', {}, [
          el('figcaption', {}, [map.arm === found.control ? `${map.arm} (control)` : map.arm]),
          heatmap(map, range, room, (at) => say(map, at), (at) => pick(map, at)),
        ]),
      );
    }
    say(null, null);
  }

  function say(map, at) {
    if (!map || !at) {
      readout.textContent = 'Point at a cell for its number; click it for its histogram.';
      return;
    }
    const value = map.values[at.layer][at.epoch];
    const lost = map.lost[at.layer][at.epoch];
    const epoch = `epoch ${map.epochs[at.epoch]} (${plural(map.updates[at.epoch], 'update')})`;
    const text = lost
      ? 'not finite'
      : value === null
        ? 'not measured'
        : (map.zero[at.layer][at.epoch] ? `${found.metric.label} 0` : describe(value, found.metric)) + (map.n > 1 ? `, the median of ${map.n} runs` : '');
    readout.textContent = `${map.arm}, ${map.layers[at.layer]}, ${epoch}: ${text}`;
  }

  function pick(map, at) {
    const cell = [map.arm, map.layers[at.layer], map.epochs[at.epoch]];
    page.keep({ cell: JSON.stringify(cell) });
    showCell().then(() => detail.scrollIntoView({ block: 'nearest' }));
  }

  async function showCell() {
    const cell = cellOf(page.state().cell);
    if (!cell) return;
    const [arm, layer, epoch] = cell;
    const { seed } = found.maps.find((map) => map.arm === arm) || {};
    if (seed === undefined) return;
    const told = await page.get('histogram', { arm, layer, epoch, seed });
    const heading = `Gradients of ${layer} in ${arm}, seed ${seed}, epoch ${epoch}`;
    update(detail, [told, heading], () => {
      const blocks = [el('h2', {}, [heading])];
      if (told.problem || !told.buckets) {
        blocks.push(el('p', { class: 'note' }, [told.problem || told.note]));
        return blocks;
      }
      blocks.push(histogram(told.buckets, heading, root.clientWidth));
      const count = told.buckets.reduce((sum, [, , n]) => sum + n, 0);
      const note = told.note ? ` ${told.note}` : '';
      blocks.push(
        el('p', { class: 'note' }, [
          `${plural(count, 'gradient')} of the sampled train steps; exact zeros are left out.${note}`,
        ]),
      );
      return blocks;
    });
  }

  return {
    async load() {
      const state = page.state();
      const [layers, progress] = await Promise.all([
        page.get('layers', { metric: state.layers, seed: state.seed, arms: state.arms }),
        page.get('progress'),
      ]);
      return { ...headOf(progress), ...layers, live: Boolean(progress.states?.running) };
    },
    show(answered) {
      root.hidden = !answered.all_arms;
      if (root.hidden) return;
      found = answered;
      const names = chosen();
      found.maps = found.maps.filter((map) => names.includes(map.arm));
      update(controls, [found.metrics, found.metric, found.seeds, found.seed], () => [
        select(
          'Show',
          found.metrics.map((metric) => [metric.name, metric.label]),
          found.metric.name,
          (layers) => keep({ layers }),
        ),
        select(
          'Seed',
          found.seeds.map((seed) => [seed, seed === 'median' ? 'median of all' : seed]),
          found.seed,
          (seed) => keep({ seed }),
        ),
      ]);
      update(chips, [found.all_arms, names], () => armChips(found, names, (arms) => keep({ arms })));
      const key = JSON.stringify([found.maps, found.metric]);
      if (maps.drawn !== key) {
        maps.drawn = key;
        if (found.maps.some((map) => map.epochs.length)) draw();
        else {
          empty(maps).append(el('p', { class: 'note' }, [nothing(found)]));
          update(scale, null, () => []);
          readout.textContent = '';
        }
      }
      update(numbers, [found.maps, found.metric], () => numberTable(found));
      if (page.state().cell) showCell();
    },
    redraw() {
      if (found?.maps.some((map) => map.epochs.length)) draw();
    },
    resized() {
      if (found && Math.abs(root.clientWidth - width) > 1) this.redraw();
    },
  };
}

function nothing(found) {
  const which = found.seed === 'median' ? '' : `of seed ${found.seed} `;
  return `No run ${which}has recorded its layers. ${found.without}`;
}

function cellOf(text) {
  try {
    const cell = JSON.parse(text);
    return Array.isArray(cell) && cell.length === 3 ? cell : null;
  } catch {
    return null;
  }
}

function armChips(found, names, onChange) {
  return found.all_arms.map((arm, place) => {
    const on = names.includes(arm);
    const chip = el('button', { type: 'button', class: 'chip', id: `map-chip-${place}` }, [
      arm === found.control ? `${arm} (control)` : arm,
    ]);
    chip.setAttribute('aria-pressed', String(on));
    chip.addEventListener('click', () => {
      const next = found.all_arms.filter((each) => (each === arm ? !on : names.includes(each)));
      if (next.length) onChange(next.join(','));
    });
    return chip;
  });
}

// The ends of the scale; what lies beyond has the colour of the nearest end.
function rangeOf(maps, { range, metric }) {
  const { low, high } = range || { low: 0, high: 1 };
  const values = maps.flatMap((map) => map.values.flatMap((row, layer) =>
    row.filter((value, epoch) => value !== null && !map.zero[layer][epoch]),
  ));
  const below = values.some((value) => value < low) ? '≤ ' : '';
  const above = values.some((value) => value > high) ? '≥ ' : '';
  return { low, high, lowText: below + endText(low, metric), highText: above + endText(high, metric) };
}

function endText(value, metric) {
  if (metric.percent) return `${(100 * value).toFixed(0)}%`;
  return number(value, 3);
}

function describe(value, metric) {
  if (metric.percent) return `${metric.label} ${(100 * value).toFixed(1)}%`;
  if (metric.logarithmic) {
    const numbers = `${value.toFixed(2)} (${(10 ** value).toExponential(2)})`.replaceAll('-', '−');
    return `log10 of the ${metric.label} ${numbers}`;
  }
  return `${metric.label} ${number(value)}`;
}

// The last observed epoch as a table: layers from the outputs down, an arm a column.
function numberTable(found) {
  const shown = found.maps.filter((map) => map.epochs.length);
  if (!shown.length) return [];
  const layers = [...new Set(shown.flatMap((map) => [...map.layers].reverse()))];
  const rows = layers.map((layer) =>
    el('tr', {}, [
      el('th', { scope: 'row' }, breakable(layer)),
      ...shown.map((map) => {
        const place = map.layers.indexOf(layer);
        const value = place < 0 ? null : map.values[place].at(-1);
        const zero = place >= 0 && map.zero[place].at(-1);
        const text = zero ? 'norm 0' : value === null ? '–' : valueText(value, found.metric);
        return el('td', { class: 'number' }, [text]);
      }),
    ]),
  );
  const titles = ['layer', ...shown.map((map) => `${map.arm}, epoch ${map.epochs.at(-1)}`)];
  return [
    el('details', {}, [
      el('summary', {}, [`${found.metric.axis} at the last observed epoch`]),
      el('div', { class: 'scrolled', tabindex: '0', role: 'region', 'aria-label': 'Table' }, [
        el('table', {}, [
          el('thead', {}, [
            el('tr', {}, titles.map((t, i) =>
              el('th', { scope: 'col', class: i ? 'number' : '' }, breakable(t)),
            )),
          ]),
          el('tbody', {}, rows),
        ]),
      ]),
    ]),
  ];
}

function valueText(value, metric) {
  if (metric.percent) return `${(100 * value).toFixed(1)}%`;
  return (metric.logarithmic ? value.toFixed(2) : number(value)).replace('-', '−');
}

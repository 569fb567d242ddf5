// Mean curves with their bands; single seeds on demand, and where an arm has no finished run yet.

import { breakable, checkbox, choice, el, select, update } from '../dom.js';
import { measured, plural } from '../format.js';
import { looks } from '../theme.js';
import { lineChart } from '../charts/lines.js';
import { headOf } from './effects.js';

export const title = 'Curves';
const MOST_AT_FIRST = 12;
const FEWER_AT_FIRST = 8;
const AXES = [
  ['epochs', 'epochs'],
  ['updates', 'updates'],
  ['seconds', 'seconds'],
];

export function open(root, page) {
  const controls = el('div', { class: 'controls' });
  const chips = el('div', { class: 'chips', role: 'group', 'aria-label': 'Arms' });
  const plot = el('section', { class: 'chart', 'aria-label': 'Curves' });
  const numbers = el('section', { 'aria-label': 'Numbers' });
  root.append(controls, chips, plot, numbers);
  let found = null;
  let chart = null;
  let at = null; // the place on the x axis whose numbers are shown; the last where null

  function chosen() {
    const asked = (page.state().arms || '').split(',').filter((arm) => found.all_arms.includes(arm));
    if (asked.length) return asked;
    if (found.all_arms.length <= MOST_AT_FIRST) return found.all_arms;
    return firstOf(found);
  }

  function keep(changes) {
    page.keep(changes);
    page.again();
  }

  function draw() {
    const settings = {
      arms: chosen(),
      x: page.state().x || 'epochs',
      logarithmic: page.state().scale === 'log',
      looks: looks(found.all_arms, found.control),
    };
    chart?.destroy();
    chart = lineChart(plot, found, settings, (place) => {
      at = place;
      showNumbers(settings);
    });
    showNumbers(settings);
  }

  function showNumbers(settings) {
    const rows = settings.arms.map((arm) => found.arms.find((each) => each.arm === arm));
    update(numbers, [rows, at, settings.x, found.metric], () => [
      numberTable(found, rows.filter(Boolean), at, settings.x),
    ]);
  }

  return {
    async load() {
      const state = page.state();
      const [curves, progress] = await Promise.all([
        page.get('curves', { metric: state.curve }),
        page.get('progress'),
      ]);
      if (curves.problem) return { ...headOf(progress), ...curves };
      const without = curves.arms.filter((arm) => !arm.n).map((arm) => arm.arm);
      const seeded = state.seeds === 'on' ? curves.all_arms : without;
      const runs = seeded.length && curves.metric
        ? await page.get('seeds', { metric: curves.metric.name, arms: seeded.join(',') })
        : { runs: [] };
      return {
        ...headOf(progress),
        ...curves,
        runs: runs.runs || [],
        live: Boolean(progress.states?.running),
      };
    },
    show(answered) {
      if (!answered.all_arms) {
        root.hidden = true;
        return;
      }
      root.hidden = false;
      found = answered;
      if (!found.metric) {
        for (const part of [controls, chips, numbers]) update(part, null, () => []);
        chart?.destroy();
        chart = null;
        update(plot, 'none', () => [
          el('p', { class: 'note' }, ['No run has logged an epoch yet: there is no curve to show.']),
        ]);
        return;
      }
      const state = page.state();
      update(controls, [found.metrics, found.metric, state.x, state.scale, state.seeds], () => [
        select(
          'Metric',
          found.metrics.map((metric) => [metric.name, metric.label]),
          found.metric.name,
          (curve) => keep({ curve }),
        ),
        choice('Scale', [['linear', 'linear'], ['log', 'log']], state.scale || 'linear', (scale) =>
          keep({ scale: scale === 'linear' ? '' : scale }),
        ),
        choice('x axis', AXES, state.x || 'epochs', (x) => keep({ x: x === 'epochs' ? '' : x })),
        checkbox('single seeds', state.seeds === 'on', (on) => keep({ seeds: on ? 'on' : '' })),
      ]);
      const arms = chosen();
      update(chips, [found.all_arms, arms, found.control], () =>
        chipsOf(found, arms, (names) => keep({ arms: names.join(',') })),
      );
      const key = JSON.stringify([found.arms, found.runs, found.metric, arms, state.x, state.scale]);
      if (plot.drawn !== key) {
        plot.drawn = key;
        draw();
      }
    },
    redraw() {
      if (found?.metric) draw();
    },
    close() {
      chart?.destroy();
    },
  };
}

// The control and the best at the end, where all would be too many to tell apart.
function firstOf(found) {
  const sign = found.metric.better === 'lower' ? 1 : -1;
  const known = found.arms.filter((arm) => arm.n && arm.arm !== found.control);
  known.sort((a, b) => sign * (a.means.at(-1) - b.means.at(-1)));
  const best = known.slice(0, FEWER_AT_FIRST - 1).map((arm) => arm.arm);
  const names = best.length ? [found.control, ...best] : found.all_arms.slice(0, FEWER_AT_FIRST);
  return found.all_arms.filter((arm) => names.includes(arm));
}

function chipsOf(found, arms, onChange) {
  const known = looks(found.all_arms, found.control);
  const nodes = found.all_arms.map((arm, place) => {
    const look = known.get(arm);
    const on = arms.includes(arm);
    const chip = el('button', { type: 'button', class: 'chip', id: `chip-${place}` }, [
      swatch(look),
      arm === found.control ? `${arm} (control)` : arm,
    ]);
    chip.setAttribute('aria-pressed', String(on));
    chip.addEventListener('click', () => {
      const next = found.all_arms.filter((each) => (each === arm ? !on : arms.includes(each)));
      if (next.length) onChange(next);
    });
    return chip;
  });
  if (found.all_arms.length > 3) {
    const all = el('button', { type: 'button', class: 'link', id: 'chip-all' }, ['all']);
    all.addEventListener('click', () => onChange(found.all_arms));
    const one = el('button', { type: 'button', class: 'link', id: 'chip-control' }, ['control only']);
    one.addEventListener('click', () => onChange([found.control]));
    nodes.push(all, one);
  }
  return nodes;
}

export function swatch(look) {
  const mark = el('span', { class: 'line', 'aria-hidden': 'true' });
  const kind = look.dash.length ? (look.dash[0] > 4 ? 'dashed' : 'dotted') : 'solid';
  mark.style.borderTop = `${Math.round(look.width + 0.6)}px ${kind} var(--${look.hue})`;
  return mark;
}

function numberTable(found, arms, at, x) {
  const known = arms.filter((arm) => arm.n);
  const without = arms.filter((arm) => !arm.n).map((arm) => arm.arm);
  if (!known.length) {
    return el('p', { class: 'note' }, [
      'No arm has a mean yet: thin lines are runs in training; a mean is over finished runs.',
    ]);
  }
  const rows = known.map((arm) => {
    const place = placeAt(arm, at, x);
    const band = arm.low[place] === null
      ? '–'
      : `${measured(found.metric, arm.low[place])} to ${measured(found.metric, arm.high[place])}`;
    return el('tr', {}, [
      el('th', { scope: 'row' }, breakable(arm.arm === found.control ? `${arm.arm} (control)` : arm.arm)),
      el('td', { class: 'number' }, [String(arm.epochs[place])]),
      el('td', { class: 'number mean' }, [measured(found.metric, arm.means[place])]),
      el('td', { class: 'number' }, [band]),
      el('td', { class: 'number' }, [String(arm.n)]),
    ]);
  });
  const titles = ['arm', 'epoch', `${found.metric.label}, mean`, '95% interval', 'n'];
  const head = titles.map((each, place) =>
    el('th', { scope: 'col', class: place ? 'number' : '' }, [each]),
  );
  return el('div', {}, [
    el('div', { class: 'scrolled', tabindex: '0', role: 'region', 'aria-label': 'Table' }, [
      el('table', {}, [el('thead', {}, [el('tr', {}, head)]), el('tbody', {}, rows)]),
    ]),
    el('p', { class: 'note' }, [
      `Mean over the finished runs of an arm (up to ${plural(Math.max(...known.map((a) => a.n)), 'seed')}) ` +
        'with Student’s 95% interval. Move over the chart, or along it with the arrow keys, for the ' +
        'numbers at another epoch.',
    ]),
    el('p', { class: 'note', hidden: !without.length }, [
      `No mean yet, as no run has finished without diverging: ${without.join(', ')}.`,
    ]),
  ]);
}

function placeAt(arm, at, x) {
  if (at === null) return arm.epochs.length - 1;
  const values = x === 'epochs' ? arm.epochs : arm[x];
  let nearest = 0;
  values.forEach((value, place) => {
    if (value !== null && Math.abs(value - at) < Math.abs((values[nearest] ?? Infinity) - at)) {
      nearest = place;
    }
  });
  return nearest;
}

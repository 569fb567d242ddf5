// Factorial designs: lines that are not parallel show that two factors interact.

import { breakable, choice, el } from '../dom.js';
import { drawnEnd } from '../format.js';
import { looks } from '../theme.js';
import { plain } from '../sortable.js';
import { pointChart } from '../charts/points.js';
import { wholeView } from '../whole.js';
import { headOf } from './effects.js';
import { swatch } from './curves.js';

export const title = 'Interactions';

export function open(root, page) {
  const swapped = new Set(); // the pairs whose factors have changed places
  return wholeView(root, page, 'interactions', {
    headOf,
    isThere: (answered) => answered.factorial !== undefined,
    shown: (found) => [found.pairs, found.table],
    blocks: (found, width, draw) => blocks(found, width, swapped, draw),
  });
}

function blocks(found, width, swapped, draw) {
  if (!found.pairs) {
    return [el('p', { class: 'note' }, ['Only a study with design: full_factorial has interactions.'])];
  }
  const parts = found.pairs.flatMap((pair, number) => {
    const turn = (turned) => {
      if (turned) swapped.add(number);
      else swapped.delete(number);
      draw();
    };
    return figure(found.metric, pair, width, swapped.has(number), turn);
  });
  if (found.table) parts.push(el('h2', {}, ['Contrasts']), plain(found.table));
  for (const note of found.notes || []) parts.push(el('p', { class: 'note' }, [note]));
  return parts;
}

function figure(metric, pair, width, turned, turn) {
  const [across, apart] = turned ? [1, 0] : [0, 1];
  const key = ['first', 'second'];
  const scale = metric.percent ? 100 : 1;
  const known = looks(pair.levels[apart], pair.levels[apart][0]);
  const lines = pair.levels[apart].map((level) => ({
    name: level,
    look: known.get(level),
    points: pair.levels[across].map((other, place) => {
      const cell = pair.cells.find((c) => c[key[apart]] === level && c[key[across]] === other);
      return {
        x: place,
        y: cell.mean === null ? null : scale * cell.mean,
        low: cell.interval ? drawnEnd(metric, cell.interval.low) : null,
        high: cell.interval ? drawnEnd(metric, cell.interval.high) : null,
        text: `${other}: ${cell.text}`,
      };
    }),
  }));
  const short = pair.factors.map((path) => path.split('.').at(-1));
  const head = el('h2', {}, [`${short[0]} × ${short[1]}`]);
  if (lines.every((line) => line.points.every((point) => point.y === null))) {
    return [head, el('p', { class: 'note' }, ['No seed has a run in every cell yet.'])];
  }
  const ticks = pair.levels[across].map((level, place) => [
    place,
    level.length > 16 ? `${level.slice(0, 15)}…` : level,
  ]);
  return [
    head,
    el('div', { class: 'controls' }, [
      choice('x axis', [['0', short[0]], ['1', short[1]]], String(across), (value) => turn(value === '1')),
      el('ul', { class: 'legend' }, [
        el('li', {}, [`${short[apart]}:`]),
        ...lines.map((line) => el('li', {}, [swatch(line.look), line.name])),
      ]),
    ]),
    pointChart(
      lines,
      { label: pair.factors[across], ticks },
      { label: `${metric.label}${metric.percent ? ' (%)' : ''}` },
      Math.max(280, Math.min(760, width)),
    ),
    meansTable(metric, pair),
    el('p', { class: 'note' }, [
      `Mean over the seeds that have a run in every cell (n = ${pair.cells[0].n}), averaged over ` +
        'the other factors, with Student’s 95% interval. Lines that are not parallel show an ' +
        'interaction; the contrasts below say whether it is more than chance.',
    ]),
  ];
}

function meansTable(metric, pair) {
  const rows = pair.cells.map((cell) =>
    el('tr', {}, [
      el('th', { scope: 'row' }, breakable(cell.first)),
      el('td', {}, [cell.second]),
      el('td', { class: 'number mean' }, [cell.text]),
      el('td', { class: 'number' }, [
        cell.interval_text || '–',
      ]),
    ]),
  );
  const titles = [...pair.factors, `${metric.label}, mean`, '95% interval'];
  return el('details', {}, [
    el('summary', {}, ['The means as a table']),
    el('div', { class: 'scrolled', tabindex: '0', role: 'region', 'aria-label': 'Table' }, [
      el('table', {}, [
        el('thead', {}, [
          el('tr', {}, titles.map((t, i) =>
            el('th', { scope: 'col', class: i > 1 ? 'number' : '' }, breakable(t)),
          )),
        ]),
        el('tbody', {}, rows),
      ]),
    ]),
  ]);
}

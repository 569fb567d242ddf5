// The verdict table and the forest plot, both in the order that the reader sorts them by.

import { el, select, update } from '../dom.js';
import { forest } from '../charts/forest.js';
import { sortable } from '../sortable.js';

export const title = 'Verdicts';

export function open(root, page) {
  const controls = el('div', { class: 'controls' });
  const exploring = el('p', { class: 'note', hidden: true });
  const plot = el('section', { 'aria-label': 'Forest plot' });
  const table = el('section', { 'aria-label': 'Verdicts' });
  const notes = el('section', { class: 'notes', 'aria-label': 'How to read it' });
  root.append(controls, exploring, plot, table, notes);
  let found = null;

  function order(rows) {
    return sortedBy(rows, page.state().sort);
  }

  function draw() {
    const names = order(found.table.rows).map((row) => found.armOf.get(row));
    forest(plot, found, names);
  }

  return {
    async load() {
      const [effects, progress] = await Promise.all([
        page.get('effects', { metric: page.state().metric }),
        page.get('progress'),
      ]);
      return { ...headOf(progress), ...effects, live: Boolean(progress.states?.running) };
    },
    show(answered) {
      if (!answered.table) {
        root.hidden = true;
        return;
      }
      root.hidden = false;
      found = answered;
      found.armOf = new Map(found.table.rows.map((row, place) => [row, found.forest[place].arm]));
      update(controls, [found.metrics, found.metric], () => [
        select(
          'Metric',
          found.metrics.map((metric) => [metric.name, metric.label]),
          found.metric.name,
          (name) => {
            page.keep({ metric: name, sort: '' });
            page.again();
          },
        ),
      ]);
      exploring.hidden = found.declared;
      exploring.textContent = found.declared
        ? ''
        : `The study did not declare ${found.metric.label} as its metric: there is no margin, and ` +
          'going through many metrics finds differences by chance.';
      const key = [found.table, found.metric, page.state().sort];
      update(plot, [found.forest, found.metric, page.state().sort], () => []);
      draw();
      update(table, key, () => [
        sortable(found.table, page.state().sort, (sort) => {
          page.keep({ sort });
          this.show(found);
        }),
      ]);
      update(notes, found.notes, () => [
        el('details', {}, [
          el('summary', {}, ['How to read it']),
          ...found.notes.map((note) => el('p', { class: 'note' }, [note])),
        ]),
      ]);
    },
    redraw() {
      if (found) draw();
    },
    resized() {
      if (found) draw();
    },
  };
}

export function headOf(progress) {
  const { question, tuned, factorial, layered, selection } = progress;
  return question === undefined ? {} : { question, tuned, factorial, layered, selection };
}

// Rows in the order that a `sort` such as "4d" (column 4, downwards) asks for.
export function sortedBy(rows, sort) {
  const asked = /^(\d+)([ad])$/.exec(sort || '');
  if (!asked || !rows.length || Number(asked[1]) >= rows[0].length) return [...rows];
  const [column, sign] = [Number(asked[1]), asked[2] === 'd' ? -1 : 1];
  const known = rows.filter((row) => isKnown(row[column]));
  const unknown = rows.filter((row) => !isKnown(row[column]));
  known.sort((a, b) => sign * compare(a[column], b[column]));
  return [...known, ...unknown]; // what has no number stands last, whichever way
}

function isKnown(cell) {
  return cell.order !== null || !/^(–|)$/.test(cell.text);
}

function compare(one, other) {
  if (one.order !== null && other.order !== null) return one.order - other.order;
  return one.text.localeCompare(other.text, 'en', { numeric: true });
}

// A table of the report whose headings sort it.

import { breakable, el } from './dom.js';
import { sortedBy } from './views/effects.js';

export function sortable(table, sort, onSort) {
  const asked = /^(\d+)([ad])$/.exec(sort || '');
  const headings = table.columns.map((column, place) => {
    const own = asked && Number(asked[1]) === place ? asked[2] : '';
    const button = el('button', { type: 'button', id: `sort-${place}` }, [
      ...breakable(column.title),
      el('span', { class: 'arrow', 'aria-hidden': 'true' }, [
        own ? (own === 'a' ? ' ▲' : ' ▼') : '',
      ]),
    ]);
    button.addEventListener('click', () => onSort(next(place, own, column.numeric)));
    const direction = own ? (own === 'a' ? 'ascending' : 'descending') : 'none';
    return el('th', { scope: 'col', class: column.numeric ? 'number' : '', 'aria-sort': direction }, [
      button,
    ]);
  });
  return el('div', { class: 'scrolled', tabindex: '0', role: 'region', 'aria-label': 'Table' }, [
    el('table', { class: 'sortable' }, [
      el('thead', {}, [el('tr', {}, headings)]),
      el('tbody', {}, sortedBy(table.rows, sort).map((row) => tableRow(table, row))),
    ]),
  ]);
}

export function plain(table) {
  return el('div', { class: 'scrolled', tabindex: '0', role: 'region', 'aria-label': 'Table' }, [
    el('table', {}, [
      el('thead', {}, [
        el(
          'tr',
          {},
          table.columns.map((column) =>
            el('th', { scope: 'col', class: column.numeric ? 'number' : '' }, breakable(column.title)),
          ),
        ),
      ]),
      el('tbody', {}, table.rows.map((row) => tableRow(table, row))),
    ]),
  ]);
}

function tableRow(table, row) {
  return el(
    'tr',
    {},
    row.map((cell, place) => {
      const number = table.columns[place].numeric ? 'number' : '';
      const style = /^[a-z]+$/.test(cell.style) ? `is-${cell.style}` : '';
      const name = place === 0 ? 'th' : 'td';
      const scope = place === 0 ? 'row' : false;
      const text = place === 0 ? breakable(cell.text) : [cell.text];
      return el(name, { class: `${number} ${style}`.trim(), scope }, text);
    }),
  );
}

// A first click on numbers sorts them downwards, a second upwards, a third as the study has them.
function next(place, own, numeric) {
  const turns = numeric ? ['d', 'a', ''] : ['a', 'd', ''];
  const following = own ? turns[turns.indexOf(own) + 1] : turns[0];
  return following ? `${place}${following}` : '';
}

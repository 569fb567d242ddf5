// The searches: each arm's score against the tuned setting, and the table of what it chose.

import { el } from '../dom.js';
import { drawnEnd, measured, tick } from '../format.js';
import { looks } from '../theme.js';
import { plain } from '../sortable.js';
import { pointChart } from '../charts/points.js';
import { wholeView } from '../whole.js';
import { headOf } from './effects.js';
import { swatch } from './curves.js';

export const title = 'Tuning';

export function open(root, page) {
  return wholeView(root, page, 'tuning', {
    headOf,
    isThere: (answered) => answered.tuned !== undefined,
    shown: (found) => [found.curves, found.table, found.notes],
    blocks,
  });
}

function blocks(found, width) {
  if (!found.curves) return [el('p', { class: 'note' }, ['This study tunes nothing.'])];
  const parts = [];
  if (!found.curves.length) {
    parts.push(el('p', { class: 'note' }, ['No run of a search has finished yet.']));
  }
  for (const curve of found.curves) parts.push(...figure(found, curve, width));
  if (found.table) parts.push(el('h2', {}, ['What each arm chose']), plain(found.table));
  for (const note of found.notes) parts.push(el('p', { class: 'note' }, [note]));
  return parts;
}

function figure(found, curve, width) {
  const names = curve.arms.map((arm) => arm.arm);
  const known = looks(names, found.control);
  const scale = found.metric.percent ? 100 : 1;
  const values = [...new Set(curve.arms.flatMap((arm) => arm.points.map((p) => JSON.stringify(p.value))))];
  const place = (value) => {
    if (typeof value !== 'number') return values.indexOf(JSON.stringify(value));
    return curve.logarithmic ? Math.log10(value) : value;
  };
  const lines = curve.arms
    .filter((arm) => arm.points.length)
    .map((arm) => ({
      name: arm.arm,
      look: known.get(arm.arm),
      joined: curve.slice,
      points: arm.points.map((point) => ({
        x: place(point.value),
        y: point.mean === null ? null : scale * point.mean,
        low: point.interval ? drawnEnd(found.metric, point.interval.low) : null,
        high: point.interval ? drawnEnd(found.metric, point.interval.high) : null,
        chosen: point.chosen,
        diverged: point.diverged,
        text: `${JSON.stringify(point.value)}: ${measured(found.metric, point.mean)}`,
      })),
    }));
  if (!lines.length) return [];
  const ticks = values
    .map((text) => JSON.parse(text))
    .map((value) => [place(value), typeof value === 'number' ? tick(value) : shortText(value)]);
  const short = found.metric.label.replace(' of the tested weights', '');
  const label = `${short}${found.metric.percent ? ' (%)' : ''}`;
  const legend = el(
    'ul',
    { class: 'legend' },
    lines.map((line) =>
      el('li', {}, [swatch(line.look), line.name === found.control ? `${line.name} (control)` : line.name]),
    ),
  );
  return [
    el('h2', {}, [`${found.metric.label} by ${curve.setting}`]),
    legend,
    pointChart(
      lines,
      { label: curve.setting, ticks: thinned(ticks, width) },
      { label, limits: curve.limits },
      Math.max(280, Math.min(900, width)),
    ),
    el('p', { class: 'note' }, [
      'Mean over the tuning seeds with Student’s 95% interval. A diamond marks the value at which ' +
        `the arm is compared.${marks(curve, lines)}`,
    ]),
  ];
}

function marks(curve, lines) {
  const points = lines.flatMap((line) => line.points);
  const diverged = points.some((point) => point.diverged)
    ? ' A cross at the bottom marks diverged runs, which enter no mean.'
    : '';
  const { low, high } = curve.limits || { low: -Infinity, high: Infinity };
  const isCut = points.some((point) => point.y !== null && (point.y < low || point.y > high));
  return isCut
    ? `${diverged} Triangles are values beyond the axis, which is cut so that the best can be told apart.`
    : diverged;
}

function shortText(value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 14 ? `${text.slice(0, 13)}…` : text;
}

function thinned(ticks, width) {
  const sorted = [...ticks].sort((a, b) => a[0] - b[0]);
  const every = Math.ceil(sorted.length / Math.max(2, Math.floor(width / 70)));
  return sorted.filter((_, number) => number % every === 0);
}

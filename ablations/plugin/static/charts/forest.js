// The forest plot: each arm's effect with its interval, the control at 0.

import { el, svg } from '../dom.js';
import { tick } from '../format.js';
import { linearTicks } from './ticks.js';

const ROW = 30;
const NARROW = 620;
const SHAPES = {
  better: 'M0,-6 L6,5 L-6,5 Z',
  worse: 'M0,6 L6,-5 L-6,-5 Z',
  equivalent: 'M-5,-5 H5 V5 H-5 Z',
  inconclusive: 'M-5,0 A5,5 0 1,0 5,0 A5,5 0 1,0 -5,0 Z',
  none: 'M-5,0 A5,5 0 1,0 5,0 A5,5 0 1,0 -5,0 Z',
};

// Draw into `place` the rows of `found.forest`, by name in the order of `names`.
export function forest(place, found, names) {
  const byName = new Map(found.forest.map((row) => [row.arm, row]));
  const rows = names.map((name) => byName.get(name)).filter((row) => row && row.effect != null);
  if (!rows.length) {
    place.replaceChildren(
      el('p', { class: 'note' }, [
        found.replicates === 'independent'
          ? `No arm and the control, ${found.control}, have runs yet: there is no effect to show.`
          : `No arm shares a seed with the control, ${found.control}, yet: there is no effect to show.`,
      ]),
    );
    return;
  }
  const width = Math.max(280, Math.floor(place.clientWidth || 800));
  const scale = found.metric.percent ? 100 : 1;
  place.replaceChildren(picture(found, rows, width, scale), caption(found, rows));
}

function picture(found, rows, width, scale) {
  const narrow = width < NARROW;
  const left = narrow ? 8 : Math.min(240, 24 + 7.2 * longest(rows.map(nameOf)));
  const right = narrow ? 8 : Math.min(300, 20 + 6.6 * longest(rows.map((row) => row.words)));
  const step = narrow ? 48 : ROW;
  const height = rows.length * step + 52;
  const { limits } = found; // the report's: what lies beyond them is cut, and said
  const x = (value) => left + ((value - limits.low) / (limits.high - limits.low)) * (width - left - right);
  const bottom = rows.length * step + 8;
  const root = svg('svg', {
    class: 'forest',
    role: 'img',
    'aria-label': `Effect on ${found.metric.label} of ${rows.length} arms against ${found.control}`,
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
  });
  if (found.margin) {
    const ends = [-found.margin, found.margin].map((end) =>
      x(Math.min(Math.max(scale * end, limits.low), limits.high)),
    );
    root.append(
      svg('rect', { class: 'margin', x: ends[0], y: 4, width: Math.max(0, ends[1] - ends[0]), height: bottom - 4 }),
    );
  }
  for (const value of linearTicks(limits.low, limits.high, narrow ? 4 : 7)) {
    root.append(
      svg('line', { class: 'grid', x1: x(value), x2: x(value), y1: 4, y2: bottom }),
      svg('text', { class: 'tick', x: x(value), y: bottom + 16, 'text-anchor': 'middle' }, [tick(value)]),
    );
  }
  root.append(svg('line', { class: 'zero', x1: x(0), x2: x(0), y1: 4, y2: bottom }));
  rows.forEach((row, number) => {
    const middle = 8 + number * step + (narrow ? step - 14 : step / 2);
    root.append(...texts(row, narrow, left, width, right, 8 + number * step, middle));
    root.append(...marks(row, x, middle, limits, scale));
  });
  const unit = found.unit ? ` (${found.unit})` : '';
  const toward = found.metric.better === 'higher' ? 'right' : 'left';
  const label = narrow
    ? `arm minus ${found.control}${unit}; better to the ${toward}`
    : `${found.metric.label}, arm minus ${found.control}${unit}; better to the ${toward}`;
  const middle = narrow ? width / 2 : (left + width - right) / 2;
  root.append(
    svg('text', { class: 'axis', x: middle, y: height - 8, 'text-anchor': 'middle' }, [
      cut(label, width / 6),
    ]),
  );
  return root;
}

function texts(row, narrow, left, width, right, top, middle) {
  const full = svg('title', {}, [`${nameOf(row)}: ${row.text} (${row.interval_text}), ${row.words}`]);
  if (narrow) {
    const room = (width - 16) / 6.8;
    const words = cut(row.words, room * 0.6);
    const name = cut(nameOf(row), room - words.length - 2);
    return [
      svg('text', { class: 'arm', x: 8, y: top + 14 }, [name, full]),
      svg('text', { class: `words is-${row.verdict}`, x: width - 8, y: top + 14, 'text-anchor': 'end' }, [
        words,
      ]),
    ];
  }
  return [
    svg('text', { class: 'arm', x: left - 12, y: middle + 4, 'text-anchor': 'end' }, [
      cut(nameOf(row), (left - 16) / 6.8),
      full,
    ]),
    svg('text', { class: `words is-${row.verdict}`, x: width - right + 12, y: middle + 4 }, [
      cut(row.words, (right - 12) / 6.2),
    ]),
  ];
}

function marks(row, x, middle, limits, scale) {
  const parts = [];
  const kind = SHAPES[row.verdict] ? row.verdict : 'none';
  const line = (ends, name) => {
    if (!ends) return;
    const low = Math.max(scale * ends.low, limits.low);
    const high = Math.min(scale * ends.high, limits.high);
    if (low <= high) {
      parts.push(
        svg('line', { class: `${name} is-${kind}`, x1: x(low), x2: x(high), y1: middle, y2: middle }),
      );
    }
  };
  line(row.simultaneous, 'all-at-once');
  line(row.interval, 'alone');
  const effect = scale * row.effect;
  const low = scale * (row.interval?.low ?? row.effect);
  const high = scale * (row.interval?.high ?? row.effect);
  if (effect >= limits.low && effect <= limits.high) {
    const at = `translate(${x(effect)},${middle})`;
    parts.push(svg('path', { class: `mark is-${kind}`, d: SHAPES[kind], transform: at }));
  }
  const [lowText, highText] = row.ends || [];
  const whole = `${row.text} (${row.interval_text})`;
  if (low < limits.low) {
    parts.push(...beyond(row, x(limits.low), middle, 1, effect < limits.low ? whole : lowText));
  } else if (row.simultaneous && scale * row.simultaneous.low < limits.low) {
    parts.push(...beyond(row, x(limits.low), middle, 1, ''));
  }
  if (high > limits.high) {
    parts.push(...beyond(row, x(limits.high), middle, -1, effect > limits.high ? whole : highText));
  } else if (row.simultaneous && scale * row.simultaneous.high > limits.high) {
    parts.push(...beyond(row, x(limits.high), middle, -1, ''));
  }
  return parts;
}

// An arrow at the edge for what lies beyond it, and its numbers: above the line where one is drawn.
function beyond(row, edge, middle, inward, words) {
  const arrow = svg('path', {
    class: `mark is-${row.verdict}`,
    d: inward > 0 ? 'M0,0 L7,-4 L7,4 Z' : 'M0,0 L-7,-4 L-7,4 Z',
    transform: `translate(${edge},${middle})`,
  });
  if (!words) return [arrow];
  const raised = words === row.ends?.[inward > 0 ? 0 : 1] ? 10 : 0;
  const text = svg(
    'text',
    { class: 'beyond', x: edge + 11 * inward, y: middle + 4 - raised, 'text-anchor': inward > 0 ? 'start' : 'end' },
    [words],
  );
  return [arrow, text];
}

function caption(found, rows) {
  const margin = found.margin ? ' The grey band is the margin.' : '';
  const { low, high } = found.limits;
  const control = `The dashed line is the control, ${found.control}.`;
  const scale = found.metric.percent ? 100 : 1;
  const isBeyond = (value) => scale * value < low || scale * value > high;
  const isCut = rows.some((row) => [row.effect, row.interval?.low, row.interval?.high].some(isBeyond));
  const beyondWords = isCut
    ? ' The axis is cut so that the others can be read; an arrow with numbers stands for what lies beyond it.'
    : '';
  const best = rows.some((row) => row.may_be_best) ? ' ★: may be the best arm.' : '';
  return el('p', { class: 'note' }, [
    (found.replicates === 'independent'
      ? 'Difference of means of independent runs with Welch’s 95% interval'
      : 'Mean difference over the paired seeds with Student’s 95% interval') +
      `; thin, the interval that holds for all arms at once. ${control}${margin}${best}${beyondWords}`,
  ]);
}

function nameOf(row) {
  return row.may_be_best ? `${row.arm} ★` : row.arm;
}

function longest(texts) {
  return Math.max(...texts.map((text) => text.length));
}

function cut(text, characters) {
  const most = Math.max(4, Math.floor(characters));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

// Curves with bands, drawn by uPlot; the arms' names stand beside the ends of their lines.

import uPlot from '../vendor/uplot.js';
import { el } from '../dom.js';
import { tick } from '../format.js';
import { colour } from '../theme.js';

const HEIGHT = 380;
const NARROW = 640;
const LABEL = 16; // px between two names
const MOST_GUTTER = 200;
const WHOLE = [1, 2, 5].flatMap((m) => [0, 1, 2, 3, 4, 5, 6, 7].map((p) => m * 10 ** p)).sort((a, b) => a - b);

// Draw `found` (arms with means and bands, runs with values) and call `onPlace` with the place on
// the x axis that the reader points at, or null.
export function lineChart(root, found, settings, onPlace) {
  const drawn = linesOf(found, settings);
  root.replaceChildren();
  if (!drawn.tables.length) {
    root.append(
      el('p', { class: 'note' }, [
        `The chosen arms have logged no ${found.metric.label} ${
          settings.logarithmic ? 'above 0 that a log axis could show' : 'yet'
        }.`,
      ]),
    );
    return { destroy() {} };
  }
  const holder = el('div', { class: 'lines', tabindex: '0', role: 'img' });
  holder.setAttribute(
    'aria-label',
    `${found.metric.label} over ${settings.x} of ${settings.arms.join(', ')}; the table below has the numbers`,
  );
  root.append(holder);
  const data = drawn.tables.length > 1 ? uPlot.join(drawn.tables) : drawn.tables[0];
  let plot = null;
  const labels = el('div', { class: 'names', 'aria-hidden': 'true' });

  function make() {
    plot?.destroy();
    const width = Math.floor(root.clientWidth);
    const narrow = width < NARROW;
    const gutter = narrow ? 0 : gutterOf(drawn.ends);
    const asked = options(found, settings, drawn, width - gutter, narrow, onPlace);
    asked.hooks.draw = [(drawnPlot) => placeNames(labels, drawnPlot, drawn.ends, gutter)];
    plot = new uPlot(asked, data, holder);
    holder.append(labels);
  }

  make();
  const watcher = new ResizeObserver(() => {
    if (Math.abs(watcher.width - root.clientWidth) > 1) {
      watcher.width = root.clientWidth;
      make();
    }
  });
  watcher.width = root.clientWidth;
  watcher.observe(root);
  holder.addEventListener('keydown', (event) => walk(event, plot, data[0]));
  return {
    destroy() {
      watcher.disconnect();
      plot?.destroy();
      root.replaceChildren();
    },
  };
}

function walk(event, plot, places) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || !places.length) return;
  event.preventDefault();
  const now = plot.cursor.idx ?? (step > 0 ? -1 : places.length);
  const next = Math.min(places.length - 1, Math.max(0, now + step));
  plot.setCursor({ left: plot.valToPos(places[next], 'x'), top: plot.over.clientHeight / 2 });
}

// The series: of each arm its band and its mean, of each run a thin line.
function linesOf(found, settings) {
  const fits = (value) => {
    if (value === null || value === undefined) return null;
    return settings.logarithmic && value <= 0 ? null : value;
  };
  const tables = [];
  const series = [];
  const bands = [];
  const ends = [];
  const values = [];
  const margins = [];
  for (const run of found.runs || []) {
    if (!settings.arms.includes(run.arm)) continue;
    const points = run.values.map(fits);
    if (!points.some((value) => value !== null)) continue;
    tables.push(ordered(placesOf(run, settings.x), [points]));
    const look = settings.looks.get(run.arm);
    series.push({ kind: 'run', look, live: run.state === 'running' || run.state === 'pending' });
    values.push(...points.filter((value) => value !== null));
    const mean = found.arms.find((arm) => arm.arm === run.arm);
    if (!mean?.n && !ends.some((end) => end.arm === run.arm)) {
      ends.push(endOf(run.arm, placesOf(run, settings.x), points, look));
    }
  }
  const later = [];
  for (const arm of found.arms) {
    if (!settings.arms.includes(arm.arm) || !arm.n) continue;
    const means = arm.means.map(fits);
    if (!means.some((value) => value !== null)) continue;
    const low = arm.low.map((end, place) => fits(end) ?? (end === null ? null : means[place]));
    const look = settings.looks.get(arm.arm);
    later.push({ arm, means, low, high: arm.high.map(fits), look });
    values.push(...means.filter((value) => value !== null));
    margins.push(...arm.low.map(fits), ...arm.high.map(fits));
    ends.push(endOf(arm.arm, placesOf(arm, settings.x), means, look));
  }
  // The control last, so that nothing is drawn over it.
  later.sort((a, b) => a.look.width - b.look.width);
  for (const { arm, means, low, high, look } of later) {
    tables.push(ordered(placesOf(arm, settings.x), [low, high, means]));
    const first = series.length + 1;
    series.push({ kind: 'edge' }, { kind: 'edge' }, { kind: 'mean', look, arm: arm.arm });
    bands.push({ series: [first + 1, first], hue: look.hue });
  }
  const around = margins.filter((value) => value !== null);
  return { tables, series, bands, ends, range: rangeOf(values, around, found, settings) };
}

function placesOf(each, x) {
  return x === 'epochs' ? each.epochs : each[x];
}

// uPlot wants x rising, each value once.
function ordered(places, columns) {
  const kept = [];
  let last = -Infinity;
  places.forEach((place, number) => {
    if (place !== null && place > last) {
      kept.push(number);
      last = place;
    }
  });
  return [kept.map((n) => places[n]), ...columns.map((column) => kept.map((n) => column[n]))];
}

function endOf(arm, places, values, look) {
  for (let place = values.length - 1; place >= 0; place -= 1) {
    if (values[place] !== null) return { arm, value: values[place], look };
  }
  return { arm, value: null, look };
}

// The axis holds all lines, and of wide bands so much that the lines stay apart.
function rangeOf(values, margins, found, settings) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (settings.logarithmic) return [low / 1.15, high * 1.15];
  const room = 0.5 * (high - low || Math.abs(high) || 1);
  let [least, most] = [low, high];
  for (const value of margins) {
    least = Math.max(low - room, Math.min(least, value));
    most = Math.min(high + room, Math.max(most, value));
  }
  const space = 0.04 * (most - least || 1);
  [least, most] = [least - space, most + space];
  if (found.metric.percent && low >= 0 && high <= 1) {
    return [Math.max(least, -0.01), Math.min(most, 1.01)];
  }
  return [least, most];
}

function options(found, settings, drawn, width, narrow, onPlace) {
  const shade = (hue, share) => `color-mix(in srgb, ${colour(hue)} ${100 * share}%, transparent)`;
  const ink = colour('quiet');
  const axis = {
    stroke: ink,
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { stroke: colour('axis'), width: 1, size: 4 },
    font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif',
  };
  const percent = found.metric.percent;
  const unit = percent ? ' (%)' : found.metric.unit ? ` (${found.metric.unit})` : '';
  return {
    width: Math.max(240, width),
    height: narrow ? 280 : HEIGHT,
    legend: { show: false },
    padding: [10, 8, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false },
      y: {
        range: drawn.range,
        ...(settings.logarithmic ? { distr: 3 } : {}),
      },
    },
    axes: [
      {
        ...axis,
        label: settings.x,
        labelSize: 20,
        size: 34,
        ...(settings.x === 'seconds' ? {} : { incrs: WHOLE }),
        values: (_, ticks) => ticks.map(tick),
      },
      {
        ...axis,
        label: `${found.metric.label}${unit}`,
        labelSize: 20,
        size: 54,
        values: (_, ticks) =>
          ticks.map((value) => (value === null ? '' : tick(percent ? 100 * value : value))),
      },
    ],
    bands: drawn.bands.map(({ series, hue }) => ({ series, fill: shade(hue, 0.16) })),
    series: [
      {},
      ...drawn.series.map((each) => {
        if (each.kind === 'edge') return { stroke: 'transparent', width: 0, points: { show: false } };
        const thin = each.kind === 'run';
        const single = drawn.tables.every((table) => table[0].length < 2);
        return {
          stroke: thin ? shade(each.look.hue, 0.55) : colour(each.look.hue),
          width: thin ? 1 : each.look.width,
          dash: thin && each.live ? [3, 3] : thin ? [] : each.look.dash,
          points: { show: single, size: 6 },
        };
      }),
    ],
    hooks: {
      setCursor: [
        (plot) => onPlace(plot.cursor.idx === null || plot.cursor.left < 0 ? null : plot.data[0][plot.cursor.idx]),
      ],
    },
  };
}

function gutterOf(ends) {
  const longest = Math.max(...ends.map((end) => end.arm.length));
  return Math.min(MOST_GUTTER, 40 + 7.4 * longest);
}

// Names beside the lines' ends, pushed apart where these lie close.
function placeNames(root, plot, ends, gutter) {
  root.replaceChildren();
  if (!gutter) return;
  const top = plot.over.offsetTop;
  const bottom = top + plot.over.clientHeight;
  const known = ends
    .filter((end) => end.value !== null)
    .map((end) => ({ ...end, y: Math.min(bottom, Math.max(top, top + plot.valToPos(end.value, 'y'))) }))
    .sort((a, b) => a.y - b.y);
  const step = Math.min(LABEL, (bottom - top) / Math.max(1, known.length - 1));
  known.forEach((end, place) => {
    end.at = place ? Math.max(end.y, known[place - 1].at + step) : end.y;
  });
  for (let place = known.length - 1, limit = bottom; place >= 0; place -= 1, limit -= step) {
    known[place].at = Math.min(known[place].at, limit);
  }
  for (const end of known) {
    const name = el('span', { title: end.arm }, [end.arm]);
    const mark = el('i', {});
    const kind = end.look.dash.length ? (end.look.dash[0] > 4 ? 'dashed' : 'dotted') : 'solid';
    mark.style.borderTop = `${end.look.width > 2 ? 3 : 2}px ${kind} var(--${end.look.hue})`;
    const label = el('div', {}, [mark, name]);
    label.style.top = `${end.at - 8}px`;
    label.style.left = `${plot.over.offsetLeft + plot.over.clientWidth + 8}px`;
    label.style.maxWidth = `${gutter - 6}px`;
    root.append(label);
  }
}

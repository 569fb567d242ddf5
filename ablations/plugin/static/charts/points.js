// Points with error bars, joined to lines: tuning curves and interaction plots.

import { svg } from '../dom.js';
import { tick } from '../format.js';
import { linearTicks } from './ticks.js';

const HEIGHT = 320;
const [LEFT, TOP, BOTTOM] = [64, 12, 52];

// Draw `lines` ({name, look, points: [{x, y, low, high, chosen, diverged}]}) over `axis`
// ({label, ticks: [[place, text]]}) into an SVG of the given width; `limits` cut the y axis.
export function pointChart(lines, axis, vertical, width) {
  const height = width < 480 ? 280 : HEIGHT;
  const places = lines.flatMap((line) => line.points.map((point) => point.x));
  const known = lines.flatMap((line) =>
    line.points.flatMap((point) => [point.y, point.low, point.high]).filter((v) => v !== null && v !== undefined),
  );
  let { low, high } = vertical.limits || { low: Math.min(...known), high: Math.max(...known) };
  const room = vertical.limits ? 0 : 0.05 * (high - low) || 0.5;
  [low, high] = [low - room, high + room];
  const [first, last] = [Math.min(...places), Math.max(...places)];
  const aside = Math.min(40, 0.1 * width);
  const x = (value) =>
    LEFT + aside + (last > first ? (value - first) / (last - first) : 0.5) * (width - LEFT - 2 * aside - 8);
  const y = (value) => TOP + (1 - (value - low) / (high - low)) * (height - TOP - BOTTOM);
  const root = svg('svg', {
    class: 'points',
    role: 'img',
    'aria-label': `${vertical.label} by ${axis.label}: ${lines.map((line) => line.name).join(', ')}`,
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
  });
  for (const value of linearTicks(low, high, 6)) {
    root.append(
      svg('line', { class: 'grid', x1: LEFT, x2: width - 8, y1: y(value), y2: y(value) }),
      svg('text', { class: 'tick', x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, [
        tick(Number(value.toPrecision(6))),
      ]),
    );
  }
  for (const [place, text] of axis.ticks) {
    root.append(
      svg('line', { class: 'grid', x1: x(place), x2: x(place), y1: TOP, y2: height - BOTTOM }),
      svg('text', { class: 'tick', x: x(place), y: height - BOTTOM + 17, 'text-anchor': 'middle' }, [text]),
    );
  }
  root.append(
    svg('text', { class: 'axis', x: (LEFT + width) / 2, y: height - 10, 'text-anchor': 'middle' }, [axis.label]),
    svg('text', {
      class: 'axis',
      'text-anchor': 'middle',
      transform: `translate(14,${(TOP + height - BOTTOM) / 2}) rotate(-90)`,
    }, [vertical.label]),
  );
  const middle = (lines.length - 1) / 2;
  const step = Math.min(7, 30 / lines.length);
  lines.forEach((line, number) => {
    root.append(...drawn(line, (value) => x(value) + (number - middle) * step, y, [low, high]));
  });
  return root;
}

function drawn(line, x, y, [low, high]) {
  const parts = [];
  const colour = `var(--${line.look.hue})`;
  const inside = (value) => value !== null && value >= low && value <= high;
  const edge = (value) => Math.min(high, Math.max(low, value));
  let path = '';
  let pen = 'M';
  for (const point of line.points) {
    if (point.y === null) {
      pen = 'M';
      continue;
    }
    path += `${pen}${x(point.x)},${y(edge(point.y))}`;
    pen = 'L';
  }
  if (line.joined !== false) {
    parts.push(
      svg('path', {
        d: path || 'M0,0',
        fill: 'none',
        style: `stroke: ${colour}; stroke-width: ${line.look.width}`,
        'stroke-dasharray': line.look.dash.join(' '),
      }),
    );
  }
  for (const point of line.points) {
    if (point.y !== null && point.low !== null && point.high !== null && point.low <= high && point.high >= low) {
      const [from, to] = [y(edge(point.low)), y(edge(point.high))];
      parts.push(
        svg('line', { x1: x(point.x), x2: x(point.x), y1: from, y2: to, style: `stroke: ${colour}; stroke-width: 1.3; opacity: .7` }),
      );
    }
    if (inside(point.y)) {
      const shape = point.chosen ? 'M0,-7 L7,0 L0,7 L-7,0 Z' : 'M-3.5,0 A3.5,3.5 0 1,0 3.5,0 A3.5,3.5 0 1,0 -3.5,0 Z';
      parts.push(
        svg('path', { d: shape, transform: `translate(${x(point.x)},${y(point.y)})`, style: `fill: ${colour}; stroke: var(--paper)` }, [
          svg('title', {}, [`${line.name}: ${point.text || point.y}`]),
        ]),
      );
    } else if (point.y !== null) {
      const below = point.y < low;
      const at = `translate(${x(point.x)},${y(below ? low : high) + (below ? -6 : 6)})`;
      parts.push(
        svg('path', { d: below ? 'M-4,-3 L4,-3 L0,4 Z' : 'M-4,3 L4,3 L0,-4 Z', transform: at, style: `fill: ${colour}` }, [
          svg('title', {}, [`${line.name}: ${point.text || point.y}`]),
        ]),
      );
    }
    if (point.diverged) {
      const at = `translate(${x(point.x)},${y(low) - 6})`;
      parts.push(
        svg('path', { d: 'M-4,-4 L4,4 M-4,4 L4,-4', transform: at, style: `stroke: ${colour}; stroke-width: 2` }, [
          svg('title', {}, [`${line.name}: ${point.diverged} diverged`]),
        ]),
      );
    }
  }
  return parts;
}

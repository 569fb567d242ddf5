// One histogram, as the run wrote it: its own buckets, nothing binned again.

import { el, svg } from '../dom.js';
import { tick } from '../format.js';
import { linearTicks } from './ticks.js';

const HEIGHT = 190;

export function histogram(buckets, label, room) {
  const total = buckets.reduce((sum, [, , count]) => sum + count, 0);
  if (!total) return el('p', { class: 'note' }, ['Every gradient was exactly 0, which has no logarithm.']);
  const width = Math.max(260, Math.min(640, room));
  const [left, right, top, bottom] = [52, 10, 8, 36];
  const low = buckets[0][0];
  const high = buckets.at(-1)[1];
  // Buckets of unequal width are compared by what they hold per unit of the axis.
  const heights = buckets.map(([from, to, count]) => count / (to - from || 1));
  const highest = Math.max(...heights);
  const x = (value) => left + ((value - low) / (high - low || 1)) * (width - left - right);
  const y = (value) => HEIGHT - bottom - (value / highest) * (HEIGHT - top - bottom);
  const root = svg('svg', {
    class: 'histogram',
    role: 'img',
    'aria-label': `${label}: ${buckets.length} buckets from ${tick(low)} to ${tick(high)}`,
    width,
    height: HEIGHT,
    viewBox: `0 0 ${width} ${HEIGHT}`,
  });
  for (const value of linearTicks(low, high, width < 420 ? 4 : 8)) {
    root.append(
      svg('line', { class: 'grid', x1: x(value), x2: x(value), y1: top, y2: HEIGHT - bottom }),
      svg('text', { class: 'tick', x: x(value), y: HEIGHT - bottom + 15, 'text-anchor': 'middle' }, [
        tick(Number(value.toFixed(3))),
      ]),
    );
  }
  buckets.forEach(([from, to, count], place) => {
    root.append(
      svg('rect', {
        class: 'bucket',
        x: x(from),
        y: y(heights[place]),
        width: Math.max(1, x(to) - x(from) - 1),
        height: HEIGHT - bottom - y(heights[place]),
      }, [svg('title', {}, [`${tick(Number(from.toFixed(3)))} to ${tick(Number(to.toFixed(3)))}: ${count}`])]),
    );
  });
  root.append(
    svg('text', { class: 'axis', x: (left + width - right) / 2, y: HEIGHT - 4, 'text-anchor': 'middle' }, [
      'log10 of the absolute gradient',
    ]),
    svg('text', { class: 'tick', x: left - 6, y: top + 10, 'text-anchor': 'end' }, [
      Math.max(...buckets.map(([, , count]) => count)).toLocaleString('en'),
    ]),
    svg('text', { class: 'tick', x: left - 6, y: HEIGHT - bottom, 'text-anchor': 'end' }, ['0']),
  );
  return root;
}

// A heat map on a canvas: layers against epochs, one scale for all that stand side by side.

import { el, newId } from '../dom.js';
import { colour } from '../theme.js';

// Viridis (van der Walt and Smith 2015) at eleven places: even steps to every eye.
const VIRIDIS = [
  [68, 1, 84], [72, 36, 117], [65, 68, 135], [53, 95, 141], [42, 120, 142], [33, 145, 140],
  [34, 168, 132], [68, 191, 112], [122, 209, 81], [189, 223, 38], [253, 231, 37],
];
const ROW = { least: 9, most: 22, letters: 12 };
// Colours of cells that stand outside of the scale.
const APART = { zero: 'quiet', lost: 'state-failed', none: 'margin' };
const WORDS = { zero: '0', lost: 'not finite', none: 'not measured' };
const TOP = 4;
const BOTTOM = 34;

export function shadeOf(share) {
  const at = Math.min(1, Math.max(0, share)) * (VIRIDIS.length - 1);
  const low = Math.min(VIRIDIS.length - 2, Math.floor(at));
  const mix = VIRIDIS[low].map((c, i) => Math.round(c + (at - low) * (VIRIDIS[low + 1][i] - c)));
  return `rgb(${mix.join(',')})`;
}

// One arm's map.  `map` has layers (from the inputs on), epochs, and values [layer][epoch], null
// where nothing was measured, lost [layer][epoch] where it was not finite, and zero [layer][epoch]
// where a norm has no logarithm.  `onPick` is told
// the place of a cell that is clicked, `onPlace` of one that is pointed at.
export function heatmap(map, range, room, onPlace, onPick) {
  const id = newId('map');
  const canvas = el('canvas', {
    id,
    class: 'map',
    tabindex: '0',
    role: 'application',
    'aria-roledescription': 'heat map',
    'aria-label':
      `${map.arm}: ${map.layers.length} layers by ${map.epochs.length} epochs. ` +
      'Arrow keys move between cells, Enter shows the histogram.',
  });
  const longest = Math.max(...map.layers.map((layer) => layer.length));
  const left = Math.min(0.4 * room, 16 + 7.2 * longest);
  const rows = map.layers.length;
  const height = Math.min(ROW.most, Math.max(ROW.least, Math.floor(420 / rows)));
  const geometry = {
    left,
    width: room,
    row: height,
    column: (room - left - 6) / map.epochs.length,
    height: TOP + rows * height + BOTTOM,
  };
  const picture = { map, range, geometry, at: null };
  paint(canvas, picture);

  const pointed = (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - left) / geometry.column);
    const row = Math.floor((event.clientY - box.top - TOP) / geometry.row);
    const inside = column >= 0 && column < map.epochs.length && row >= 0 && row < rows;
    return inside ? { layer: rows - 1 - row, epoch: column } : null;
  };
  const move = (at) => {
    picture.at = at;
    paint(canvas, picture);
    onPlace(at);
  };
  canvas.addEventListener('pointermove', (event) => move(pointed(event)));
  canvas.addEventListener('pointerleave', () => move(null));
  canvas.addEventListener('click', (event) => {
    const at = pointed(event);
    if (at) onPick(at);
  });
  canvas.addEventListener('focus', () => {
    if (!picture.at) move({ layer: 0, epoch: map.epochs.length - 1 });
  });
  canvas.addEventListener('blur', () => move(null));
  canvas.addEventListener('keydown', (event) => {
    const at = picture.at || { layer: 0, epoch: map.epochs.length - 1 };
    const step = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    if (step) {
      event.preventDefault();
      move({
        layer: Math.min(rows - 1, Math.max(0, at.layer + step[0])),
        epoch: Math.min(map.epochs.length - 1, Math.max(0, at.epoch + step[1])),
      });
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onPick(at);
    }
  });
  return canvas;
}

function paint(canvas, { map, range, geometry, at }) {
  const { left, width, row, column, height } = geometry;
  const pixels = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * pixels);
  canvas.height = Math.round(height * pixels);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext('2d');
  pen.scale(pixels, pixels);
  const rows = map.layers.length;
  const span = range.high - range.low || 1;
  for (let layer = 0; layer < rows; layer += 1) {
    const y = TOP + (rows - 1 - layer) * row;
    for (let epoch = 0; epoch < map.epochs.length; epoch += 1) {
      const x = left + epoch * column;
      const value = map.values[layer][epoch];
      const lost = map.lost[layer][epoch];
      if (lost) pen.fillStyle = colour(APART.lost);
      else if (value === null) pen.fillStyle = colour(APART.none);
      else if (map.zero[layer][epoch]) pen.fillStyle = colour(APART.zero);
      else pen.fillStyle = shadeOf((value - range.low) / span);
      pen.fillRect(x, y, Math.max(1, column - (column > 6 ? 1 : 0)), row - 1);
    }
  }
  pen.fillStyle = colour('ink');
  pen.font = '11.5px system-ui, sans-serif';
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  const every = Math.ceil(ROW.letters / row);
  for (let layer = 0; layer < rows; layer += every) {
    const y = TOP + (rows - 1 - layer) * row + row / 2;
    pen.fillText(fitted(pen, map.layers[layer], left - 8), left - 6, y);
  }
  axis(pen, map, geometry);
  if (at) {
    pen.strokeStyle = colour('ink');
    pen.lineWidth = 2;
    pen.strokeRect(left + at.epoch * column, TOP + (rows - 1 - at.layer) * row, Math.max(3, column), row);
  }
}

function axis(pen, map, { left, row, column }) {
  const y = TOP + map.layers.length * row + 10;
  pen.textAlign = 'center';
  pen.fillStyle = colour('quiet');
  const most = Math.max(1, Math.floor((column * map.epochs.length) / 44));
  const every = Math.ceil(map.epochs.length / most);
  for (let epoch = 0; epoch < map.epochs.length; epoch += every) {
    pen.fillText(String(map.epochs[epoch]), left + (epoch + 0.5) * column, y);
  }
  pen.fillText('epoch', left + (column * map.epochs.length) / 2, y + 15);
}

function fitted(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let kept = text;
  while (kept.length > 2 && pen.measureText(`…${kept}`).width > room) kept = kept.slice(1);
  return `…${kept}`;
}

// The scale that all maps share, and the colours of what stands outside of it.
export function scaleBar(range, label, maps) {
  const stops = VIRIDIS.map((_, place) => shadeOf(place / (VIRIDIS.length - 1)));
  const bar = el('span', { class: 'ramp', 'aria-hidden': 'true' });
  bar.style.background = `linear-gradient(to right, ${stops.join(',')})`;
  return el('div', { class: 'scale' }, [
    el('span', {}, [label]),
    el('span', { class: 'ends' }, [el('span', {}, [range.lowText]), bar, el('span', {}, [range.highText])]),
    ...Object.keys(APART).filter((kind) => maps.some((map) => has(map, kind))).map((kind) => {
      const box = el('span', { class: 'box', 'aria-hidden': 'true' });
      box.style.background = `var(--${APART[kind]})`;
      return el('span', { class: 'ends' }, [box, WORDS[kind]]);
    }),
  ]);
}

function has(map, kind) {
  return map.values.some((row, layer) =>
    row.some((value, epoch) =>
      kind === 'none' ? value === null && !map.lost[layer][epoch] : map[kind][layer][epoch],
    ),
  );
}

// How numbers read where the page itself writes them; tables come from the report, written.

export const NOTHING = '–';

export function measured(metric, value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return NOTHING;
  if (metric.percent) return signed(`${(100 * value).toFixed(2)}%`);
  return number(value, digits);
}

export function number(value, significant = 4) {
  if (value === null || value === undefined) return NOTHING;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return signed(value.toExponential(significant - 1));
  const rounded = Number(size.toExponential(significant - 1)); // 0.99999 is 1.000
  const decimals = Math.max(0, significant - 1 - Math.floor(Math.log10(rounded)));
  const text = value.toLocaleString('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return signed(text);
}

// The report's minus sign, in an exponent too.
function signed(text) {
  return text.replaceAll('-', '−');
}

// A tick of an axis: as few digits as tell it from its neighbours.
export function tick(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return signed(value.toExponential(0).replace('e+', 'e'));
  return signed(String(Number(value.toPrecision(6))));
}

// The end of an interval as it is drawn: that of a share ends where shares do.
export function drawnEnd(metric, end) {
  return metric.percent ? 100 * Math.min(1, Math.max(0, end)) : end;
}

export function plural(count, noun) {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '';
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3600);
  return `${hours} h ${Math.round((seconds - 3600 * hours) / 60)} min`;
}

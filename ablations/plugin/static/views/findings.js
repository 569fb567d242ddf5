// What each arm's layers show, in plain sentences, with the thresholds that make them.

import { el, update } from '../dom.js';
import { headOf } from './effects.js';

export const title = 'Findings';

export function open(root, page) {
  const list = el('section', { 'aria-label': 'Findings' });
  root.append(list);
  return {
    async load() {
      const [findings, progress] = await Promise.all([page.get('findings'), page.get('progress')]);
      return { ...headOf(progress), ...findings, live: Boolean(progress.states?.running) };
    },
    show(found) {
      root.hidden = !found.arms;
      if (found.arms) update(list, found.arms, () => blocks(found));
    },
  };
}

function blocks(found) {
  const flagged = found.arms.filter((arm) => arm.findings.length);
  const clear = found.arms.filter((arm) => !arm.findings.length && arm.observed);
  const pending = found.arms.filter((arm) => !arm.observed && !arm.runs);
  const unseen = found.arms.filter((arm) => !arm.observed && arm.runs);
  const parts = [];
  if (!flagged.length && clear.length) {
    parts.push(el('p', { class: 'sentences' }, ['No arm shows a sign of trouble in its layers.']));
  }
  for (const arm of flagged) {
    parts.push(
      el('h2', {}, [arm.arm === found.control ? `${arm.arm} (control)` : arm.arm]),
      el('ul', { class: 'findings' }, arm.findings.map((text) => el('li', {}, [text]))),
    );
  }
  if (flagged.length && clear.length) {
    parts.push(el('p', { class: 'note' }, [`Nothing found in: ${names(clear)}.`]));
  }
  if (pending.length) {
    parts.push(el('p', { class: 'note' }, [`No run has finished yet of: ${names(pending)}.`]));
  }
  if (unseen.length) {
    const text = `No layers recorded in a run of: ${names(unseen)}. ${found.without}`;
    parts.push(el('p', { class: 'note' }, [text]));
  }
  for (const arm of found.arms.filter((each) => each.damaged.length)) {
    parts.push(
      el('p', { class: 'note' }, [
        `${arm.arm}: the record of its layers is damaged at seed ${arm.damaged.join(', ')}; what ` +
          'stands before the damage counts.',
      ]),
    );
  }
  if (flagged.length || clear.length) {
    parts.push(el('p', { class: 'note' }, [found.thresholds]));
  }
  return parts;
}

function names(arms) {
  return arms.map((arm) => arm.arm).join(', ');
}

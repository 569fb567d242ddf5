// The answer, the ledger's progress, what failed and why, and the time left.

import { breakable, el, update } from '../dom.js';
import { duration, plural } from '../format.js';

export const title = 'Progress';
const STATES = ['done', 'running', 'diverged', 'failed', 'stale', 'pending'];
const MARKS = { done: '✓', running: '▶', diverged: '∞', failed: '✕', stale: '↻', pending: '·' };
const MOST_REASONS = 20;

export function open(root, page) {
  const answer = el('section', { class: 'answer', 'aria-label': 'Answer' });
  const overall = el('section', { class: 'overall', 'aria-label': 'Progress' });
  const running = el('section', { 'aria-label': 'In training' });
  const reasons = el('section', { 'aria-label': 'What went wrong' });
  const grid = el('section', { 'aria-label': 'Runs' });
  const leftOut = el('section', { 'aria-label': 'Left out' });
  root.append(answer, overall, running, reasons, grid, leftOut);
  let known = { answer: [], notices: [], left_out: [] };
  return {
    async load() {
      const progress = await page.get('progress');
      if (progress.problem) return progress;
      this.show({ ...progress, said: known }); // the answer of many runs takes a while longer
      const said = await page.get('answer');
      known = said;
      return { ...progress, said, live: Boolean(progress.states.running), problem: said.problem };
    },
    show(found) {
      if (!found.states) {
        for (const part of [answer, overall, running, reasons, grid, leftOut]) {
          update(part, null, () => []);
        }
        return;
      }
      update(answer, found.said, () => answerBlocks(found.said));
      update(overall, [found.states, found.left_seconds, found.left_run_seconds], () =>
        overallBlocks(found, page.study),
      );
      const now = found.runs.filter((run) => run.state === 'running');
      update(running, now, () => runningBlocks(now));
      const wrong = found.runs.filter(
        (run) => run.reason && ['failed', 'diverged', 'stale'].includes(run.state),
      );
      update(reasons, wrong, () => reasonBlocks(wrong));
      update(grid, [found.runs, found.control], () => gridBlocks(found));
      update(leftOut, found.said.left_out, () => leftOutBlocks(found.said.left_out || []));
    },
  };
}

function answerBlocks(said) {
  if (said.problem || !said.answer.length) return [];
  const blocks = [
    el('h2', {}, ['Answer']),
    el('p', { class: 'sentences' }, [said.answer.join(' ')]),
  ];
  for (const notice of said.notices) blocks.push(el('p', { class: 'note' }, [notice]));
  return blocks;
}

function overallBlocks(found, study) {
  const total = found.runs.length;
  const finished = (found.states.done || 0) + (found.states.diverged || 0);
  const bar = el('div', {
    class: 'bar',
    role: 'progressbar',
    'aria-valuemin': 0,
    'aria-valuemax': total,
    'aria-valuenow': finished,
    'aria-label': `${finished} of ${plural(total, 'run')} finished`,
  });
  const legend = el('ul', { class: 'states' });
  for (const state of STATES) {
    const count = found.states[state];
    if (!count) continue;
    bar.append(el('span', { class: `state-${state}`, style: `flex-grow: ${count}` }));
    legend.append(
      el('li', {}, [
        el('span', { class: `swatch state-${state}`, 'aria-hidden': 'true' }, [MARKS[state]]),
        `${count.toLocaleString('en')} ${state}`,
      ]),
    );
  }
  return [
    el('h2', {}, ['Progress']),
    el('p', { class: 'figures' }, [
      `${finished.toLocaleString('en')} of ${plural(total, 'run')} finished`,
      timeLeft(found, study),
    ]),
    bar,
    legend,
  ];
}

function timeLeft(found, study) {
  if (found.imported) return ', imported.';
  const waiting = (found.states.pending || 0) + (found.states.stale || 0);
  if (found.running) {
    const left = found.left_seconds;
    const about = left === null ? 'no run has told yet how long one takes' : `about ${duration(left)} left`;
    return `; ${plural(found.running, 'run')} in training, ${about}.`;
  }
  if (!waiting && !found.states.failed) return '.';
  const long = found.left_run_seconds;
  const takes = waiting && long ? ` It takes about ${duration(long)} of training on one worker.` : '';
  return `. Nothing trains at the moment; to go on: ablations run ${study}.${takes}`;
}

function runningBlocks(runs) {
  if (!runs.length) return [];
  const rows = runs.map((run) => {
    const of = run.epochs ? ` of ${run.epochs}` : '';
    const share = run.epochs ? Math.min(1, run.epoch / run.epochs) : 0;
    return el('tr', {}, [
      el('th', { scope: 'row' }, breakable(nameOf(run))),
      el('td', { class: 'number' }, [String(run.seed)]),
      el('td', { class: 'number' }, [`epoch ${run.epoch}${of}`]),
      el('td', { class: 'meter' }, [
        el('div', { class: 'bar small', 'aria-hidden': 'true' }, [
          el('span', { class: 'state-running', style: `flex-grow: ${share}` }),
          el('span', { style: `flex-grow: ${1 - share}` }),
        ]),
      ]),
    ]);
  });
  return [el('h2', {}, ['In training']), scrolled(table(['arm', 'seed', 'epoch', ''], rows))];
}

function reasonBlocks(runs) {
  if (!runs.length) return [];
  const rows = runs.map((run) =>
    el('tr', {}, [
      el('th', { scope: 'row' }, breakable(nameOf(run))),
      el('td', { class: 'number' }, [String(run.seed)]),
      el('td', {}, [`${MARKS[run.state]} ${run.state}`]),
      el('td', { class: 'reason' }, [run.reason]),
    ]),
  );
  const first = table(['arm', 'seed', 'state', 'reason'], rows.slice(0, MOST_REASONS));
  const blocks = [el('h2', {}, ['What went wrong']), scrolled(first)];
  const more = rows.slice(MOST_REASONS);
  if (more.length) {
    blocks.push(
      el('details', {}, [
        el('summary', {}, [`${more.length} more`]),
        scrolled(table(['arm', 'seed', 'state', 'reason'], more)),
      ]),
    );
  }
  return blocks;
}

function nameOf(run) {
  return run.trial ? `${run.arm}, trial ${run.trial}` : run.arm;
}

function gridBlocks(found) {
  const blocks = [];
  for (const [heading, trial] of [['Runs of the searches', true], ['Runs', false]]) {
    const byArm = new Map();
    for (const run of found.runs) {
      if (Boolean(run.trial) !== trial) continue;
      byArm.set(run.arm, [...(byArm.get(run.arm) || []), run]);
    }
    if (!byArm.size) continue;
    const rows = [...byArm].map(([arm, runs]) => {
      const name = arm === found.control ? `${arm} (control)` : arm;
      const counts = STATES.map((state) => [state, runs.filter((r) => r.state === state).length]);
      const words = counts.filter(([, n]) => n).map(([state, n]) => `${n} ${state}`).join(', ');
      return el('tr', {}, [
        el('th', { scope: 'row' }, breakable(name)),
        el('td', {}, [
          el('div', { class: 'cells', role: 'img', 'aria-label': words }, runs.map(cell)),
        ]),
      ]);
    });
    blocks.push(el('h2', {}, [heading]), scrolled(table(['arm', 'one mark a run'], rows)));
  }
  return blocks;
}

function cell(run) {
  const epochs = run.epochs ? `, epoch ${run.epoch} of ${run.epochs}` : '';
  const reason = run.reason ? `: ${run.reason}` : '';
  const where = run.trial ? `${run.trial}, seed ${run.seed}` : `seed ${run.seed}`;
  return el(
    'span',
    { class: `cell state-${run.state}`, title: `${where}: ${run.state}${epochs}${reason}` },
    [MARKS[run.state]],
  );
}

function leftOutBlocks(lines) {
  if (!lines.length) return [];
  return [
    el('details', {}, [
      el('summary', {}, [`Left out of the numbers: ${plural(lines.length, 'line')}`]),
      el('ul', {}, lines.map((line) => el('li', {}, [line]))),
    ]),
  ];
}

function table(titles, rows) {
  return el('table', {}, [
    el('thead', {}, [
      el('tr', {}, titles.map((each) => el('th', { scope: 'col' }, [each]))),
    ]),
    el('tbody', {}, rows),
  ]);
}

function scrolled(content) {
  return el('div', { class: 'scrolled' }, [content]);
}

// The Ablations tab: TensorBoard loads this module into an iframe and calls render().

import { get } from './api.js';
import { el, empty } from './dom.js';
import { readState, writeState, onOutsideChange, selectRuns } from './state.js';
import { followTheme } from './theme.js';
import * as progress from './views/progress.js';
import * as effects from './views/effects.js';
import * as curves from './views/curves.js';
import * as gradients from './views/gradients.js';
import * as findings from './views/findings.js';
import * as tuning from './views/tuning.js';
import * as interactions from './views/interactions.js';

const VIEWS = { progress, effects, curves, gradients, findings, tuning, interactions };
const LIVE_MS = 2500; // between two looks while something trains
const QUIET_MS = 6000;

export async function render() {
  document.title = 'Ablations';
  for (const file of ['vendor/uplot.css', 'style.css']) {
    const href = new URL(file, import.meta.url).href;
    document.head.append(el('link', { rel: 'stylesheet', href }));
  }
  document.head.append(
    el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
  );
  document.documentElement.lang = 'en';
  const page = new Page();
  followTheme(() => page.redraw());
  await page.open();
}

class Page {
  constructor() {
    this.state = readState();
    this.shown = null; // the view that is open: {name, study, instance}
    this.timer = 0;
    this.turn = 0;
    this.chooser = el('select', { id: 'study', 'aria-label': 'Study' });
    this.chooser.addEventListener('change', () => this.go({ study: this.chooser.value }, true));
    this.tabs = el('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Views' });
    this.notice = el('p', { class: 'problem', role: 'alert', hidden: true });
    this.panel = el('main', { id: 'panel', role: 'tabpanel', tabindex: '-1' });
    this.question = el('p', { class: 'question' });
    document.body.append(
      el('header', {}, [
        el('label', { class: 'choose' }, [el('span', {}, ['Study']), this.chooser]),
        this.question,
      ]),
      this.tabs,
      this.notice,
      this.panel,
    );
    this.makeTabs();
    onOutsideChange(() => {
      this.state = readState();
      this.turnOver();
    });
    window.addEventListener('resize', () => this.shown?.instance.resized?.());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.tick();
    });
  }

  makeTabs() {
    this.buttons = {};
    for (const [name, view] of Object.entries(VIEWS)) {
      const button = el(
        'button',
        { role: 'tab', id: `tab-${name}`, 'aria-controls': 'panel', type: 'button' },
        [view.title],
      );
      button.addEventListener('click', () => this.go({ view: name }));
      button.addEventListener('keydown', (event) => this.walk(event, name));
      this.buttons[name] = button;
      this.tabs.append(button);
    }
  }

  walk(event, name) {
    const shown = Object.keys(VIEWS).filter((each) => !this.buttons[each].hidden);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    let place = shown.indexOf(name);
    if (step) place = (place + step + shown.length) % shown.length;
    else if (event.key === 'Home') place = 0;
    else if (event.key === 'End') place = shown.length - 1;
    else return;
    event.preventDefault();
    this.buttons[shown[place]].focus();
    this.go({ view: shown[place] });
  }

  async open() {
    await this.choose();
    this.turnOver();
  }

  // Fill the chooser; the studies of one name (variants, parts) stand together.
  async choose() {
    const found = await get('studies', {});
    const studies = found.studies || [];
    if (found.problem) this.say(found.problem);
    else if (!studies.length) {
      this.say(
        `No study was run in ${found.logdir} yet. Start one with: ablations run STUDY. ` +
          'This page looks again by itself.',
      );
    }
    const text = JSON.stringify(studies);
    if (text === this.known) return;
    this.known = text;
    empty(this.chooser);
    const groups = new Map();
    for (const study of studies) {
      const base = study.name.split('+')[0];
      groups.set(base, [...(groups.get(base) || []), study]);
    }
    for (const [base, members] of groups) {
      const options = members.map((study) =>
        el('option', { value: study.name }, [study.name + (study.problem ? ' (problem)' : '')]),
      );
      if (members.length === 1) this.chooser.append(...options);
      else this.chooser.append(el('optgroup', { label: base }, options));
    }
    this.names = studies.map((study) => study.name);
    this.chooser.disabled = studies.length < 2;
    const usable = studies.find((study) => !study.problem) || studies[0];
    if (usable && !this.names.includes(this.state.study)) {
      if (this.state.study) this.missing = this.state.study;
      this.state = { ...this.state, study: usable.name };
    }
    this.chooser.value = this.state.study || '';
  }

  go(changes, otherStudy = false) {
    const kept = otherStudy ? { view: this.state.view, scale: this.state.scale } : this.state;
    this.state = writeState({ ...kept, ...changes });
    if (otherStudy) this.missing = '';
    this.turnOver();
  }

  // What a view keeps in the link: arms, metric, scale and the like.
  keep(changes) {
    this.state = writeState({ ...this.state, ...changes });
  }

  turnOver() {
    const name = VIEWS[this.state.view] ? this.state.view : 'progress';
    this.chooser.value = this.state.study || '';
    for (const [each, button] of Object.entries(this.buttons)) {
      const selected = each === name;
      button.setAttribute('aria-selected', String(selected));
      button.tabIndex = selected ? 0 : -1;
      if (selected) this.panel.setAttribute('aria-labelledby', button.id);
    }
    if (this.shown && this.shown.instance.close) this.shown.instance.close();
    empty(this.panel);
    this.say('');
    this.question.textContent = '';
    this.shown = null;
    if (this.state.study) {
      const root = el('div', { class: `view view-${name}` });
      this.panel.append(root);
      const instance = VIEWS[name].open(root, {
        study: this.state.study,
        state: () => this.state,
        keep: (changes) => this.keep(changes),
        go: (changes) => this.go(changes),
        get: (route, asked) => get(route, { study: this.state.study, ...asked }),
        again: () => this.tick(),
      });
      this.shown = { name, instance };
    }
    this.tick();
  }

  // Ask for what the open view shows, and again after a while.
  async tick() {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    let live = false;
    try {
      if (!this.shown) await this.choose();
      else live = await this.refresh(turn);
    } catch (error) {
      if (turn === this.turn) this.say(`TensorBoard does not answer: ${error.message}`);
    }
    if (turn !== this.turn) return;
    if (!this.shown && this.state.study) {
      this.turnOver();
      return;
    }
    if (!document.hidden) this.timer = setTimeout(() => this.tick(), live ? LIVE_MS : QUIET_MS);
  }

  async refresh(turn) {
    const shown = this.shown;
    const found = await shown.instance.load();
    if (turn !== this.turn || shown !== this.shown) return false;
    this.say(found.problem || this.gone());
    if (found.question !== undefined) this.question.textContent = found.question;
    if (found.tuned !== undefined) this.buttons.tuning.hidden = !found.tuned;
    if (found.factorial !== undefined) this.buttons.interactions.hidden = !found.factorial;
    if (found.layered !== undefined) {
      for (const name of ['gradients', 'findings']) this.buttons[name].hidden = !found.layered;
    }
    if (found.selection) selectRuns(found.selection);
    shown.instance.show(found);
    document.body.dataset.loaded = shown.name;
    await this.choose();
    return Boolean(found.live);
  }

  gone() {
    return this.missing ? `There is no study "${this.missing}" here; this is another.` : '';
  }

  redraw() {
    if (this.shown && this.shown.instance.redraw) this.shown.instance.redraw();
  }

  say(text) {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }
}

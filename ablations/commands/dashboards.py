"""The views of TensorBoard that show something of a study, and the links that open them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from ablations.analysis.read.held import Held, held_in
from ablations.commands.server import PLUGIN
from ablations.ledger.paths import EVENTS_PREFIX, seed_of
from ablations.study.expand import SEED_PREFIX
from ablations.study.schema import SUMMARY, TUNING

CURVES, TRIALS = "curves/", "curves/validation"
"""How tags begin of what a run measures as it trains, and of what tells how good a trial is."""
FINAL, SESSION, BANDS = "final/", "_hparams_/session", "interval"
LAYERS, GRADIENTS = "layers/", "gradient_log10/"
EVENTS = f"{EVENTS_PREFIX}*"


@dataclass(frozen=True)
class Shown:
    """What a TensorBoard is started on."""

    logdir: Path
    """The directory of one study, or of all."""
    studies: tuple[str, ...] = ()
    """Those that are meant; empty for all there are."""

    @property
    def above(self) -> str:
        """A regular expression for what precedes an arm in the name of a run."""
        if len(self.studies) == 1:
            return ""
        names = "|".join(re.escape(name) for name in self.studies)
        return f"(?:{names})/" if names else "[^/]+/"

    def sample(self, pattern: str) -> Held:
        """Return what the largest event file of a pattern holds, of each study."""
        return held_in(_largest(path.glob(pattern)) for path in self._directories())

    def first_seeds(self) -> tuple[Held, str]:
        """Return the same of the runs of each study's first seed, and a pattern of its seeds."""
        held, names = Held(), set[str]()
        for study in self._directories():
            seeds = {seed for path in study.glob(f"[!.]*/{SEED_PREFIX}*/{EVENTS}")
                     if (seed := seed_of(path.parent)) is not None}  # fmt: skip
            if seeds:
                name = f"{SEED_PREFIX}{min(seeds)}"
                held |= held_in([_largest(study.glob(f"[!.]*/{name}/{EVENTS}"))])
                names.add(name)
        return held, names.pop() if len(names) == 1 else f"(?:{'|'.join(sorted(names))})"

    def _directories(self) -> list[Path]:
        """Return the studies' own directories."""
        if len(self.studies) == 1:
            return [self.logdir]
        names = self.studies or ("[!.]*",)
        return [path for name in names for path in sorted(self.logdir.glob(name))]


def _largest(paths: Iterable[Path]) -> Path | None:
    """Return the file that is likely to hold most; None of none."""
    return max(paths, key=lambda path: path.stat().st_size, default=None)


def views(shown: Shown) -> Iterator[tuple[str, str]]:
    """Yield title and address, below the host's, of each view that there is something to see in.

    That is decided by what the event files hold, whatever trained the runs.  The first is the
    Ablations tab, which says so itself where there is nothing yet.
    """
    above, (run, seed) = shown.above, shown.first_seeds()
    yield "the Ablations tab", _dashboard(PLUGIN)
    report = shown.sample(f"{EVENTS}.report")
    if report.has("report") or shown.sample(f"{EVENTS}.answer").has("answer"):
        yield "answer and report", _dashboard("text", {"regexInput": _studies(shown)})
    if report.has("figures/"):
        yield "figures of the report", _dashboard("images", {"regexInput": _studies(shown)})
    means = shown.sample(f"{SUMMARY}/*/{EVENTS}")
    if tags := _curves(means):
        yield "mean curves of the arms", _time_series(f"^{above}{SUMMARY}/", tags)
    if means.has(BANDS):
        bands = {"regexInput": f"^{above}{SUMMARY}"}
        yield "mean and band over seeds", _dashboard("custom_scalars", bands)
    if tags := _curves(run):
        runs = f"^{above}(?!{TUNING}/|{SUMMARY}/)[^/]+/"
        yield "curves, one colour an arm", _time_series(runs, tags, f"({above}[^/]+)/")
    trial = shown.sample(f"{TUNING}/*/*/{SEED_PREFIX}*/{EVENTS}")
    if tags := f"^{TRIALS}" if trial.has(TRIALS) else _curves(trial):
        runs = f"^{above}{TUNING}/"
        yield "trials of the tuning", _time_series(runs, tags, f"{above}{TUNING}/(.+)/")
    if run.has(SESSION):
        yield "arms and final metrics", _dashboard("hparams")
    first_seed = f"^{above}(?!{TUNING}/)[^/]+/{seed}$"
    for title, group in (("layers", LAYERS), ("gradients", GRADIENTS)):
        if run.has(group):
            yield f"{title}, first seed", _time_series(first_seed, f"^{group}")
    if run.has_graph:
        yield "network", _dashboard("graphs")


def _curves(held: Held) -> str:
    """Return a regular expression for the tags of curves; empty where there are none.

    A trainer of one's own may name other groups alone, and imported files have any names.
    """
    if held.has(CURVES):
        return f"^{CURVES}"
    ours = (FINAL, SESSION, BANDS, LAYERS, GRADIENTS, "weight/", "unit_activation/", "stages")
    return f"^(?!{'|'.join(ours)})" if any(not tag.startswith(ours) for tag in held.tags) else ""


def _studies(shown: Shown) -> str:
    """Return a regular expression for the runs that are studies themselves."""
    names = "|".join(re.escape(name) for name in shown.studies)
    if len(shown.studies) == 1:
        return r"^\.$"
    return f"^(?:{names})$" if names else "^[^/]+$"


def _time_series(runs: str, tags: str, colour: str = "") -> str:
    """Return the address of the Time Series dashboard, which reads the query.

    ``colour`` is a regular expression whose group tells the runs of one colour.
    """
    filters = {"smoothing": "0", "tagFilter": tags, "runFilter": runs}
    if colour:
        filters["runColorGroup"] = f"regex:^{colour}"
    return f"?{urlencode(filters, quote_via=quote)}#timeseries"


def _dashboard(name: str, filters: Mapping[str, str] | None = None) -> str:
    """Return the address of one of the older dashboards, which read the fragment."""
    return f"#{name}" + (f"&{urlencode(filters, quote_via=quote)}" if filters else "")

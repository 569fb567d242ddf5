"""The views of TensorBoard that show something of a study, and the links that open them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from ablations.ledger.paths import EVENTS_PREFIX, LAYERS
from ablations.study.schema import SUMMARY, TUNING

PLUGIN = "ablations"
"""The name of the Ablations tab."""
_SEED = "[!.]*/seed-*"


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

    def has(self, pattern: str) -> bool:
        """Whether a study has a path of this pattern, which begins at its directory."""
        if len(self.studies) == 1:
            return any(self.logdir.glob(pattern))
        names = self.studies or ("[!.]*",)
        return any(any(self.logdir.glob(f"{name}/{pattern}")) for name in names)


def views(shown: Shown) -> Iterator[tuple[str, str]]:
    """Yield title and address, below the host's, of each view that there is something to see in.

    The first is the Ablations tab, which says so itself where there is nothing yet.
    """
    above, runs = shown.above, shown.has(f"{_SEED}/{EVENTS_PREFIX}*")
    yield "the Ablations tab", _dashboard(PLUGIN)
    if shown.has(f"{EVENTS_PREFIX}*.answer") or shown.has(f"{EVENTS_PREFIX}*.report"):
        yield "answer and report", _dashboard("text", {"regexInput": _studies(shown)})
    if shown.has(f"{EVENTS_PREFIX}*.report"):
        yield "figures of the report", _dashboard("images", {"regexInput": _studies(shown)})
    if shown.has(f"{SUMMARY}/*/{EVENTS_PREFIX}*"):
        means = {"tagFilter": "^curves/", "runFilter": f"^{above}{SUMMARY}/", "smoothing": "0"}
        yield "mean curves of the arms", _time_series(means)
        bands = {"regexInput": f"^{above}{SUMMARY}"}
        yield "mean and band over seeds", _dashboard("custom_scalars", bands)
    if runs:
        yield "curves, one colour an arm", _time_series(_curves(above))
    if shown.has(f"{TUNING}/*/*/seed-*"):
        yield "trials of the tuning", _time_series(_trials(above))
    if runs:
        yield "arms and final metrics", _dashboard("hparams")
    first_seed = {"runFilter": f"^{above}(?!{TUNING}/)[^/]+/seed-0$", "smoothing": "0"}
    if shown.has(f"{_SEED}/{LAYERS}"):
        yield "layers, first seed", _time_series({"tagFilter": "^layers/", **first_seed})
        gradients = {"tagFilter": "^gradient_log10/", **first_seed}
        yield "gradients, first seed", _time_series(gradients)
    if runs:
        yield "network", _dashboard("graphs")


def _studies(shown: Shown) -> str:
    """Return a regular expression for the runs that are studies themselves."""
    names = "|".join(re.escape(name) for name in shown.studies)
    if len(shown.studies) == 1:
        return r"^\.$"
    return f"^(?:{names})$" if names else "^[^/]+$"


def _curves(above: str) -> dict[str, str]:
    return {
        "smoothing": "0",
        "tagFilter": "^curves/",
        "runFilter": f"^{above}(?!{TUNING}/|{SUMMARY}/)[^/]+/",
        "runColorGroup": f"regex:^({above}[^/]+)/",
    }


def _trials(above: str) -> dict[str, str]:
    return {
        "smoothing": "0",
        "tagFilter": "^curves/validation",
        "runFilter": f"^{above}{TUNING}/",
        "runColorGroup": f"regex:^{above}{TUNING}/(.+)/",
    }


def _time_series(filters: Mapping[str, str]) -> str:
    """Return the address of the Time Series dashboard, which reads the query."""
    return f"?{urlencode(filters, quote_via=quote)}#timeseries"


def _dashboard(name: str, filters: Mapping[str, str] | None = None) -> str:
    """Return the address of one of the older dashboards, which read the fragment."""
    return f"#{name}" + (f"&{urlencode(filters, quote_via=quote)}" if filters else "")

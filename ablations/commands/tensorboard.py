"""``ablations tensorboard``: become TensorBoard, after printing links that open useful views."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, urlencode

from ablations.commands import studies
from ablations.errors import AblationsError
from ablations.ledger.paths import RunsDirectory
from ablations.study.schema import SUMMARY, TUNING, Study

SAMPLES = "scalars=100000,histograms=1000"  # 0 would empty the Time Series dashboard


def tensorboard(study: str | None, sets: tuple[str, ...], runs: Path, port: int) -> NoReturn:
    """Print links, then replace this process by TensorBoard's: whatever ends it, ends the server.

    Raises:
        AblationsError: there are no runs, or ``sets`` are given without a study.
    """
    overrides = studies.overrides_of(study, sets)
    loaded = () if study is None else studies.load(study, overrides)
    logdir = RunsDirectory(runs).study(loaded[0].study) if len(loaded) == 1 else runs
    if not logdir.is_dir():
        raise AblationsError(
            f"{logdir}: no runs yet; wants `ablations run {study or 'STUDY'}` first"
        )
    arms = [arm for each in loaded for arm in each.arms]
    histograms = not arms or any(arm.recipe.records_histograms for arm in arms)
    for title, view in _views(logdir, _above(loaded), histograms):
        print(f"{title:28} http://localhost:{port}/{view}")
    sys.stdout.flush()
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir)]
    command += ["--port", str(port), "--samples_per_plugin", SAMPLES]
    os.execv(sys.executable, command)


def _above(studies: Sequence[Study]) -> str:
    """Return a regular expression for what precedes an arm in the name of a run."""
    if len(studies) == 1:
        return ""
    return f"(?:{'|'.join(re.escape(each.study) for each in studies)})/" if studies else "[^/]+/"


def _views(logdir: Path, above: str, histograms: bool) -> Iterator[tuple[str, str]]:
    """Yield title and address, below the host's, of each view that the runs can fill.

    ``above`` is a regular expression for what precedes an arm in the name of a run; ``histograms``
    tells whether any are recorded.
    """
    curves = {
        "smoothing": "0",
        "tagFilter": "^(train|validation)",
        "runFilter": f"^{above}(?!{TUNING}/)",
        "runColorGroup": f"regex:^({above}[^/]+)/",
    }
    trials = {
        "smoothing": "0",
        "tagFilter": "^validation",
        "runFilter": f"^{above}{TUNING}/",
        "runColorGroup": f"regex:^{above}{TUNING}/(.+)/",
    }
    yield "curves, one colour an arm", _time_series(curves)
    if any(logdir.glob(TUNING if not above else f"*/{TUNING}")):
        yield "trials of the tuning", _time_series(trials)
    bands = {"regexInput": f"^{above}{SUMMARY}"}
    yield "mean and band over seeds", _dashboard("custom_scalars", bands)
    gradients = {"tagFilter": "gradient_log10", "runFilter": "seed-0$"}
    if histograms:
        yield "gradients, first seed", _time_series(gradients)
    yield "arms and final metrics", _dashboard("hparams")
    yield "network", _dashboard("graphs")
    yield "report, once it is written", _dashboard("text", {"regexInput": "^[^/]+$"})


def _time_series(filters: Mapping[str, str]) -> str:
    """Return the address of the Time Series dashboard, which reads the query."""
    return f"?{urlencode(filters, quote_via=quote)}#timeseries"


def _dashboard(name: str, filters: Mapping[str, str] | None = None) -> str:
    """Return the address of one of the older dashboards, which read the fragment."""
    return f"#{name}" + (f"&{urlencode(filters, quote_via=quote)}" if filters else "")

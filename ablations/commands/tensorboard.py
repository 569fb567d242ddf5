"""``ablations tensorboard``: start TensorBoard, and print links that open the useful views."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ablations.commands import studies
from ablations.errors import AblationsError
from ablations.ledger.paths import RunsDirectory

SAMPLES = "scalars=100000,histograms=1000"  # 0 would empty the Time Series dashboard
_VIEWS = (
    (
        "curves, one colour an arm",
        "?smoothing=0&tagFilter=%5E(train%7Cvalidation)&runFilter={compared}"
        "&runColorGroup=regex%3A{arm}#timeseries",
    ),
    (
        "trials of the tuning",
        "?smoothing=0&tagFilter=%5Evalidation&runFilter={tuning}"
        "&runColorGroup=regex%3A{tuning}(.%2B)%2F#timeseries",
    ),
    ("mean and band over seeds", "#custom_scalars&regexInput=%5E{summary}"),
    ("gradients, first seed", "?tagFilter=gradient_log10&runFilter=seed-0%24#timeseries"),
    ("arms and final metrics", "#hparams"),
    ("network", "#graphs"),
    ("report, once it is written", "#text&regexInput=%5E%5B%5E%2F%5D%2B%24"),
)


def tensorboard(study: str | None, runs: Path, port: int) -> int:
    """Start TensorBoard and print links that open the useful views."""
    name = None if study is None else studies.load(study).study
    logdir = runs if name is None else RunsDirectory(runs).study(name)
    if not logdir.is_dir():
        raise AblationsError(
            f"{logdir}: no runs yet; wants `ablations run {study or 'STUDY'}` first"
        )
    study_part = "" if name else "%5B%5E%2F%5D%2B%2F"  # any study
    parts = {
        "arm": f"%5E({study_part}%5B%5E%2F%5D%2B)%2F",
        "summary": f"{study_part}summary",
        "tuning": f"%5E{study_part}tuning%2F",
        "compared": f"%5E(%3F!{study_part}tuning%2F)",
    }
    for title, query in _VIEWS:
        print(f"{title:28} http://localhost:{port}/{query.format(**parts)}", flush=True)
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir)]
    command += ["--port", str(port), "--samples_per_plugin", SAMPLES]
    return subprocess.run(command, check=False).returncode

"""Run it again: the commands that train the study and write its report."""

from __future__ import annotations

import shlex
from typing import Any

from ablations.analysis.infer.inference import Inference
from ablations.analysis.show.blocks import Commands, Paragraph, Section
from ablations.study.frozen import show
from ablations.study.schema import WRITTEN_IN_PYTHON, with_setting


def reproduction(inference: Inference) -> Section:
    """Return the commands that train the study again and write its report."""
    if inference.imported:
        return _import_again(inference)
    if inference.file == WRITTEN_IN_PYTHON:
        again = "The study was written in Python: its run() trains what is missing or has changed."
        return Section("Run it again", (Paragraph(again),))
    words = ["ablations", "run", _as_argument(inference)]
    if inference.seeds == tuple(range(len(inference.seeds))):
        words += ["--seeds", str(len(inference.seeds))]
    else:
        words += [word for seed in inference.seeds for word in ("--seed", str(seed))]
    for path, value in inference.overrides.items():
        words += ["--set", f"{path}={_as_written(value)}"]
    report = ["ablations", "report", inference.study]
    return Section("Run it again", (Commands((shlex.join(words), shlex.join(report))),))


def _import_again(inference: Inference) -> Section:
    words = ["ablations", "import", inference.file, "--study", inference.study]
    words += ["--control", inference.control, "--metric", inference.metric]
    words += ["--better", inference.better, "--margin", show(inference.margin)]
    own = inference.own_metrics.get(inference.metric)
    if own and own.unit:
        words += ["--unit", own.unit]
    score = inference.diverged_score
    if score and score.stated:
        words += ["--if-diverged", show(score.value)]
    if inference.pattern:
        words += ["--pattern", inference.pattern]
    if inference.replicates == "paired":
        words.append("--paired")
    report = ["ablations", "report", inference.study]
    return Section("Import it again", (Commands((shlex.join(words), shlex.join(report))),))


def _as_argument(inference: Inference) -> str:
    """Return what stands for the study on the command line: its name, if that finds its file."""
    name, part = inference.study.partition("+")[0], inference.part
    if inference.file not in ("", f"configs/{name}.yaml"):
        return inference.file
    return with_setting(name, part.path, part.label) if part else name


def _as_written(value: Any) -> str:
    return value if isinstance(value, str) else show(value)

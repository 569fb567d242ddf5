"""Synthetic runs directories: what training would leave on disk, without training."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ablations.ledger.fingerprint import fingerprint
from ablations.ledger.lines import append_line
from ablations.ledger.paths import RunDirectory, RunsDirectory
from ablations.ledger.records import Result, write_correct
from ablations.study.expand import Run, tuned
from ablations.study.schema import Study


@dataclass
class SyntheticStudy:
    """Writes one study and its runs under ``runs``."""

    runs: Path
    study: Study

    def write_record(self) -> None:
        path = RunsDirectory(self.runs).record(self.study.study)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(self.study.model_dump(mode="json"), sort_keys=False))

    def directory(self, arm: str, seed: int) -> RunDirectory:
        return RunsDirectory(self.runs).run(self.study.study, arm, seed)

    def add(
        self,
        arm: str,
        seed: int,
        accuracy: float | None = 0.9,
        curve: Sequence[float | None] = (0.5, 0.7, 0.8),
        **changes: Any,
    ) -> Path:
        """Write one run; ``changes`` replace keys of its result."""
        directory = self.directory(arm, seed)
        directory.path.mkdir(parents=True, exist_ok=True)
        known = arm in self.study.arm_names
        recipe = self.study.arm(arm).recipe if known else self.study.base
        metrics: dict[str, float] = {"test_loss": 0.5, "inference_microseconds_per_sample": 3.0}
        if accuracy is not None:
            metrics |= {"test_accuracy": accuracy, "validation_accuracy_best": accuracy}
        result = Result.model_validate(
            {
                "schema": 1,
                "study": self.study.study,
                "arm": arm,
                "seed": seed,
                "status": "completed",
                "fingerprint": fingerprint(recipe, seed, "digest"),
                "data_digest": "digest",
                "metrics": metrics,
                "epochs": len(curve),
                "best_epoch": len(curve),
                "updates": 300,
                "parameters": 79_510,
                "seconds": {"compile": 1.0, "train": 12.5, "total": 14.0},
                "environment": {"device": "cpu", "threads": 1, "versions": {"keras": "3.9"}},
            }
            | changes
        )
        result.write(directory.result)
        lines = (
            {
                "epoch": number,
                "updates": 100 * number,
                "validation_accuracy": value,
                "validation_loss": None if value is None else 1 - value,
                "train_loss": None if value is None else 1.1 - value,
            }
            for number, value in enumerate(curve, start=1)
        )
        directory.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return directory.path

    def add_tested(self, arm: str, seed: int, correct: np.ndarray[Any, Any]) -> Path:
        """Write one run that keeps which of the test examples, booleans [N], it got right."""
        directory = self.directory(arm, seed)
        directory.path.mkdir(parents=True, exist_ok=True)
        write_correct(directory.correct, correct)
        share = int(correct.sum()) / len(correct)
        return self.add(arm, seed, accuracy=share, test_examples=len(correct))


def make_recipe(activation: str, batch_size: int = 32) -> Mapping[str, Any]:
    """Return a recipe of digits."""
    return {
        "data": {"name": "digits"},
        "model": {"name": "mlp", "hidden": [100, 100, 100], "activation": {"name": activation}},
        "training": {
            "batch_size": batch_size,
            "epochs": 3,
            "optimizer": {"name": "sgd", "learning_rate": 0.01},
        },
    }


def make_study(arms: Sequence[str] = ("sigmoid", "elu"), seeds: Any = 3, **changes: Any) -> Study:
    """Return a study whose arms are activations; the first is the control."""
    named = [
        {"name": arm, "changes": {"model.activation": arm}, "recipe": make_recipe(arm)}
        for arm in arms
    ]
    return Study.model_validate(
        {
            "study": "activations",
            "question": "Which activation trains best?",
            "base": make_recipe("sigmoid"),
            "control": arms[0],
            "arms": named,
            "seeds": seeds,
        }
        | changes
    )


def make_parts(
    name: str, arms: Sequence[str], seeds: Any, labels: Sequence[str] = ("one", "two", "three")
) -> list[Study]:
    """Return the parts of a study over several data sets."""
    part = {"of": name, "path": "data.name", "labels": tuple(labels)}
    return [
        make_study(arms, seeds, study=f"{name}+data.name={label}", part={**part, "label": label})
        for label in labels
    ]


def make_factorial(seeds: int = 10, **changes: Any) -> Study:
    """Return a full factorial study of three activations and two batch sizes."""
    cells = itertools.product(("sigmoid", "elu", "relu"), (32, 64))
    arms = [
        {
            "name": "control" if number == 0 else f"activation-{activation}_batch_size-{size}",
            "changes": {"model.activation": activation, "training.batch_size": size},
            "levels": {"model.activation": activation, "training.batch_size": str(size)},
            "recipe": make_recipe(activation, size),
        }
        for number, (activation, size) in enumerate(cells)
    ]
    given = {"arms": arms, "control": "control", "design": "full_factorial", "study": "factorial"}
    return Study.model_validate(make_study(seeds=seeds).model_dump(mode="json") | given | changes)


def claim(better: str, than: str, on: str = "test_accuracy") -> dict[str, str]:
    """Return a claim as a study states it."""
    return {"better": better, "than": than, "on": on, "source": "notes 000"}


def fill_claims(made: SyntheticStudy) -> dict[str, np.ndarray[Any, Any]]:
    """ELU 5 points over tanh, tanh as good as sigmoid; the loss is as high as the accuracy."""
    draw = np.random.default_rng(3)
    arms, seeds = made.study.arm_names, made.study.seeds
    values = {arm: 0.8 + draw.normal(0, 0.004, size=len(seeds)) for arm in arms}
    values["elu"] += 0.05
    for arm in arms:
        for seed, value in zip(seeds, values[arm].tolist(), strict=True):
            made.add(arm, seed, metrics={"test_accuracy": value, "test_loss": value})
    return values


def choose(study: Study, values: Mapping[str, Any], name: str) -> Study:
    """Return the study with one arm at what its search is said to have chosen."""
    arms = (tuned(arm, values) if arm.name == name else arm for arm in study.arms)
    return study.model_copy(update={"arms": tuple(arms)})


def leave_trial(runs: Path, run: Run, score: float, **changes: Any) -> None:
    """Write the result of one run of a search; ``changes`` replace keys of its result."""
    path = RunsDirectory(runs).run(run.study, run.arm, run.seed, run.trial).result
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "study": run.study,
        "arm": run.arm,
        "trial": run.trial,
        "seed": run.seed,
        "status": "completed",
        "fingerprint": fingerprint(run.recipe, run.seed, "digest"),
        "data_digest": "digest",
        "metrics": {"validation_accuracy_best": score},
    }
    Result.model_validate(content | changes).write(path)


def write_layers(directory: RunDirectory, layers: int, epochs: int, orders: float = 1.0) -> None:
    """Write what a run records of its layers; norms fall by ``orders`` from top to bottom."""
    for epoch in range(1, epochs + 1):
        of_layers = {
            f"hidden{n + 1}": {
                "gradient_norm": 10.0 ** (orders * (n / layers - 1)),
                "update_ratio": 1e-3,
                "dead_share": 0.0,
                "activation_mean": 0.1,
                "activation_deviation": 1.0,
            }
            for n in range(layers)
        }
        append_line(directory.layers, {"epoch": epoch, "updates": 40 * epoch, "layers": of_layers})

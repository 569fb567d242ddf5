from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ablations.analysis.infer.inference import infer
from ablations.analysis.read.collect import collect
from ablations.analysis.show.blocks import Commands
from ablations.analysis.show.sections.reproduction import reproduction


@pytest.mark.parametrize(
    ("file", "argument"),
    [
        ("", "activations"),
        ("configs/activations.yaml", "activations"),
        ("configs/other.yaml", "configs/other.yaml"),
        ("../my studies/activations.yaml", "'../my studies/activations.yaml'"),
    ],
    ids=["of 0.2.0", "found by its name", "called otherwise", "elsewhere"],
)
def test_the_study_is_named_so_that_it_is_found(synthetic: Any, file: str, argument: str) -> None:
    made = synthetic(("sigmoid", "elu"), 2)
    inference = replace(infer(collect(made.runs, "activations")), file=file)
    (commands,) = reproduction(inference).blocks
    assert commands == Commands(
        (f"ablations run {argument} --seeds 2", "ablations report activations")
    )

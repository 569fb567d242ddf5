"""A healthy arm of every study in ``configs/`` stays without findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablations.analysis.infer.findings import run_findings
from ablations.analysis.infer.run_layers import RunLayers
from ablations.analysis.read.layers import read_layers
from ablations.commands import studies
from ablations.study.tasks import CLASSIFICATION

CONFIGS = Path(__file__).parents[3] / "configs"
HEALTHY = {
    "activations": "elu",
    "adaptive_clipping": "adaptive",
    "batch_norm": "batch_norm",
    "clipping": "by_norm",
    "initializers": "he_normal",
    "max_norm_and_clipping": "clip_by_norm",
    "rnn_clipping": "by_norm",
}
"""Study → an arm that trains well, where the control is not to."""
WITHOUT_LAYERS = ("own_trainer",)
OTHERS = sorted({path.stem for path in CONFIGS.glob("*.yaml")} - {*HEALTHY, *WITHOUT_LAYERS})
SMALL = (
    *("few_examples", "label_smoothing", "learning_rate_sensitivity", "pretraining", "quick"),
    *("regression", "regularization", "several_data_sets", "transfer"),
)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*HEALTHY, *OTHERS])
def test_a_healthy_arm_has_no_findings(
    name: str, tmp_path: Path, tensorflow, mnist: Path, fashion_mnist: Path
) -> None:
    from ablations.ledger.paths import RunDirectory, RunsDirectory
    from ablations.study.expand import Run
    from ablations.training.run import TrainingRequest, train
    from ablations.training.trainers.compiled.programs import Programs

    fewer = {} if name in SMALL else {"data.train_examples": 4000}
    study = studies.load(str(CONFIGS / f"{name}.yaml"), {"training.epochs": 2, **fewer})[0]
    arm = study.arm(HEALTHY.get(name, study.control))
    directory = RunDirectory(tmp_path / "run")
    directory.path.mkdir()
    request = TrainingRequest(
        Run(name, arm.name, 0, arm.recipe), directory, {}, RunsDirectory(tmp_path), mnist
    )
    result = train(request, Programs())
    assert result.status == "completed"
    observed = read_layers(directory.layers)
    assert observed.epochs
    classifies = study.task is CLASSIFICATION
    assert run_findings(RunLayers(0, observed, result.updates, None, classifies)) == ()

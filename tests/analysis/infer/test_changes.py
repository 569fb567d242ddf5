from ablations.analysis.infer.changes import SettingChange, arm_changes
from tests.support.synthetic_runs import make_study


def test_each_arm_names_what_differs_from_the_control_and_a_copy_nothing() -> None:
    study = make_study(("sigmoid", "elu"))
    twin = study.arm("sigmoid").model_copy(update={"name": "twin"})
    elu, copy = arm_changes(study.model_copy(update={"arms": (*study.arms, twin)}))
    assert (elu.arm, copy.arm) == ("elu", "twin")
    assert elu.changes == (SettingChange("model.activation.name", "sigmoid", "elu"),)
    assert copy.changes == ()


def test_without_its_control_a_study_has_no_changes() -> None:
    study = make_study(("sigmoid", "elu"))
    assert arm_changes(study.model_copy(update={"control": "gone"})) == ()

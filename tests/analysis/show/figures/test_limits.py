from ablations.analysis.infer.curves import LearningCurve
from ablations.analysis.show.figures.limits import curve_limits, robust_limits


def test_one_bad_arm_does_not_squash_the_others() -> None:
    good = [[0.90, 0.92], [0.91, 0.93], [0.92, 0.95], [0.89, 0.91]]
    limits = robust_limits([*good, [0.1, 0.1]])
    assert all(limits.hold(group) for group in good)
    assert not limits.hold([0.1])


def test_of_three_arms_the_one_far_off_is_cut() -> None:
    limits = robust_limits([[0.92, 0.95], [0.1, 0.12]], control=[0.91, 0.93])
    assert limits.hold([0.91, 0.95])
    assert not limits.hold([0.12])
    assert limits.high - limits.low < 0.05


def test_of_two_arms_both_are_shown_however_far_apart() -> None:
    assert robust_limits([[0.1, 0.12]], control=[0.91, 0.93]).hold([0.1, 0.93])
    assert robust_limits([[0.1], [0.9]]).hold([0.1, 0.9])


def test_the_control_is_cut_where_it_alone_would_squash_the_others() -> None:
    limits = robust_limits([[0.90, 0.92], [0.91, 0.93], [0.92, 0.95]], control=[0.1])
    assert limits.hold([0.90, 0.95])
    assert not limits.hold([0.1])


def test_of_two_equal_halves_the_one_with_the_control_is_shown() -> None:
    limits = robust_limits([[0.11], [0.90], [0.901]], control=[0.1])
    assert limits.hold([0.1, 0.11])
    assert not limits.hold([0.90])


def test_nothing_is_cut_from_an_axis_whose_arms_fill_it() -> None:
    assert robust_limits([[0.1], [0.4], [0.7], [1.0]]).hold([0.1, 0.4, 0.7, 1.0])


def test_limits_hold_everything_that_is_near() -> None:
    assert robust_limits([[0.5], [0.6], [0.7]]).hold([0.5, 0.6, 0.7])
    assert robust_limits([[0.5]]).hold([0.5])
    assert robust_limits([[0.0], []]).hold([0.0])


def test_losses_a_thousandfold_apart_are_drawn_on_a_logarithmic_axis() -> None:
    def curve(*means: float) -> LearningCurve:
        return LearningCurve(tuple(range(1, 5)), means, (None,) * 4, 1)

    far = {"base": curve(2.0, 1.0, 0.5, 0.4), "huge": curve(2.0, 900.0, 900.0, 900.0)}
    limits = curve_limits(far, "base", percent=False)
    assert limits.logarithmic
    assert limits.hold([0.4, 900.0])
    near = {"base": far["base"], "other": curve(2.0, 1.5, 1.2, 1.1)}
    limits = curve_limits(near, "base", percent=False)
    assert not limits.logarithmic
    assert not limits.hold([2.0])  # of the first quarter of the epochs

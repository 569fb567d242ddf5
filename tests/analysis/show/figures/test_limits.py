from ablations.analysis.show.figures.limits import robust_limits


def test_one_bad_arm_does_not_squash_the_others() -> None:
    good = [[0.90, 0.92], [0.91, 0.93], [0.92, 0.95], [0.89, 0.91]]
    limits = robust_limits([*good, [0.1, 0.1]])
    assert all(limits.hold(group) for group in good)
    assert not limits.hold([0.1])


def test_the_control_is_never_cut() -> None:
    limits = robust_limits([[0.90, 0.92], [0.91, 0.93], [0.92, 0.95]], kept=[0.1])
    assert limits.hold([0.1, 0.95])


def test_limits_hold_everything_that_is_near() -> None:
    assert robust_limits([[0.5], [0.6], [0.7]]).hold([0.5, 0.6, 0.7])
    assert robust_limits([[0.5]]).hold([0.5])
    assert robust_limits([[0.0], []]).hold([0.0])

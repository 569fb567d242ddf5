from collections.abc import Callable

import pytest

from ablations.analysis.infer.corrections import can_be_significant, holm, pairs_needed


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm"); Wikipedia, Holm–Bonferroni method.
        ((0.01, 0.04, 0.03, 0.005), (0.03, 0.06, 0.06, 0.02)),
        ((0.02,), (0.02,)),
        ((), ()),
        ((0.5, 0.9, 0.001), (1.0, 1.0, 0.003)),
        ((0.02, 0.02), (0.04, 0.04)),
    ],
)
def test_holms_correction(p_values: tuple[float, ...], expected: tuple[float, ...]) -> None:
    assert holm(p_values) == pytest.approx(expected)


def test_the_guard_says_how_many_seeds_would_do(show: Callable[[str], None]) -> None:
    assert pairs_needed(1) == pairs_needed(100) == 6  # 2/2⁶ = 0.031
    assert pairs_needed(7, "holm") == 9  # 8 arms: 7 comparisons
    assert not can_be_significant(8, 7, "holm")
    assert can_be_significant(9, 7, "holm")
    assert not can_be_significant(0, 1)
    arms = (2, 4, 8, 12, 20)
    needed = ", ".join(f"{count} arms {pairs_needed(count - 1, 'holm')}" for count in arms)
    show(f"seeds that a verdict of better or worse needs: 6; by Holm {needed}")

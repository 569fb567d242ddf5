import pytest

from ablations.analysis.infer.divergence import Divergence
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.show import formats
from ablations.study.metrics import METRICS

ACCURACY, LOSS = METRICS["test_accuracy"], METRICS["test_loss"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.measured(ACCURACY, 0.88214), "88.21%"),
        (formats.measured(ACCURACY, None), "–"),
        (formats.difference(ACCURACY, 0.0789), "+7.89"),
        (formats.difference(ACCURACY, -0.0789), "−7.89"),
        (formats.difference(ACCURACY, -1e-9), "0.00"),
        (formats.difference(LOSS, 0.25), "+0.2500"),
        (formats.number(3.4e38), "3.400e+38"),
        (formats.number(1234.567), "1,235"),
        (formats.number(0.0), "0"),
        (formats.seed_ranges([7, 0, 1, 2, 4, 9, 10]), "0–2, 4, 7, 9, 10"),
        (formats.seed_ranges([]), ""),
        (formats.probability(0.0351), "0.035"),
        (formats.probability(0.0004), "<0.001"),
        (formats.probability(1.0), "1.000"),
        (formats.interval(ACCURACY, Interval(-0.001, 0.0213)), "−0.1 to +2.1"),
        (formats.magnitude(ACCURACY, -0.0122), "1.22 points"),
        (formats.magnitude(LOSS, 0.25), "0.2500 nats"),
        (formats.diverged(Divergence(3, 8)), "3/8 diverged"),
        (formats.diverged(Divergence(0, 8)), "0"),
        (formats.diverged_share(Divergence(3, 8)), "3/8 (Wilson 14% to 69%)"),
        (formats.listed(["a"], 3), "a"),
        (formats.listed(["a", "b", "c"], 3), "a, b and c"),
        (formats.listed(["a", "b", "c", "d", "e"], 3), "a, b, c and 2 more"),
    ],
)
def test_numbers_read_well(text: str, expected: str) -> None:
    assert text == expected

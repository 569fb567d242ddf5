from dataclasses import replace

import pytest

from ablations.analysis.infer.divergence import Divergence
from ablations.analysis.infer.intervals import Interval
from ablations.analysis.show import formats
from ablations.study.metrics import METRICS, Metric

ACCURACY, LOSS = METRICS["test_accuracy"], METRICS["test_loss"]
OF_100 = replace(ACCURACY, percent=False, unit="%")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.measured(ACCURACY, 0.88214), "88.21%"),
        (formats.measured(ACCURACY, None), "–"),
        (formats.difference(ACCURACY, 0.0789), "+7.89"),
        (formats.difference(ACCURACY, -0.0789), "−7.89"),
        (formats.difference(ACCURACY, -1e-9), "0.00"),
        (formats.measured(OF_100, 90.5053), "90.51%"),
        (formats.spread(OF_100, 0.6), "0.60"),
        (formats.difference(OF_100, 0.6), "+0.60"),
        (formats.magnitude(OF_100, -0.6), "0.60 points"),
        (formats.difference(LOSS, 0.25), "+0.2500"),
        (formats.number(3.4e38), "3.400e+38"),
        (formats.number(1234.567), "1,235"),
        (formats.number(0.0), "0"),
        (formats.number(0.99999999), "1.000"),
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


@pytest.mark.parametrize(
    ("metric", "ends", "decimals", "shown"),
    [
        (ACCURACY, Interval(0.0581, 0.0623), 2, "+5.81 to +6.23"),  # half of it is 0.21 points
        (ACCURACY, Interval(-0.44, -0.03), 0, "−44 to −3"),
        (ACCURACY, Interval(0.10029, 0.10111), 3, "+10.029 to +10.111"),
        (LOSS, Interval(-0.0022, 0.00003), 4, "−0.0022 to 0.0000"),
        (LOSS, Interval(-2.4e-9, 1.2e-9), 10, "−2.4e−09 to +1.2e−09"),
        (LOSS, Interval(1.23e9, 1.69e9), -7, "+1.23e+09 to +1.69e+09"),
        (LOSS, Interval(-1234.0, -734.0), -1, "−1,230 to −730"),
        (LOSS, Interval(0.25, 0.25), None, "+0.2500 to +0.2500"),
        (LOSS, Interval(0.25, 0.25 + 1e-16), None, "+0.2500 to +0.2500"),
        (LOSS, Interval(80.0, 80.00001), 4, "+80.0000 to +80.0000"),  # six digits at the most
        (LOSS, None, None, "–"),
    ],
)
def test_decimals_follow_the_width_of_the_interval(
    metric: Metric, ends: Interval | None, decimals: int | None, shown: str
) -> None:
    assert formats.decimals_of(metric, ends) == decimals
    assert formats.interval(metric, ends) == shown


def test_there_is_one_minus_sign() -> None:
    numbers = (formats.number(-1.5e-9), formats.measured(LOSS, -12.3), formats.measured(LOSS, 2e-7))
    assert numbers == ("−1.500e−09", "−12.3000", "2.000e−07")
    assert formats.difference(LOSS, 2e-7) == "+2.000e−07"
    assert formats.measured(ACCURACY, -0.02) == "−2.00%"

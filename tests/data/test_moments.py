"""Mean and deviation of each feature against NumPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from ablations.data.moments import ROWS_AT_ONCE, feature_moments

DRAW = np.random.default_rng(4)
TABLE = DRAW.normal([3.0, -200.0, 0.0], [1.0, 50.0, 1e-3], [ROWS_AT_ONCE + 700, 3])


@pytest.mark.parametrize(
    ("features", "scale"),
    [
        (TABLE.astype(np.float32), 1.0),
        (DRAW.integers(0, 256, [50, 4, 5]).astype(np.uint8), 1 / 255),
        (DRAW.integers(0, 2, [9, 2]).astype(bool), 1.0),
    ],
    ids=["table", "pixels", "bits"],
)
def test_moments_equal_those_of_scikit_learn(features, scale):
    mean, deviation = feature_moments(features, scale)
    flat = features.reshape(len(features), -1).astype(np.float64) * scale
    theirs = StandardScaler().fit(flat)
    assert mean.dtype == deviation.dtype == np.float32
    assert mean.shape == features.shape[1:]
    np.testing.assert_allclose(mean.ravel(), theirs.mean_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(deviation.ravel(), theirs.scale_, rtol=1e-6)


def test_a_feature_that_never_varies_becomes_zero_and_stays_finite_elsewhere():
    features = np.array([[0.1, 7.0], [0.1, 9.0]], np.float32)
    mean, deviation = feature_moments(features, 1.0)
    assert deviation[0] == 1
    np.testing.assert_allclose((features - mean) / deviation, [[0, -1], [0, 1]], atol=1e-7)
    assert np.isfinite((np.float32([[5.0, 8.0]]) - mean) / deviation).all()

"""The tables that scikit-learn bundles, against its own loaders."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from ablations.data.bundled_tables import DIABETES, WINE
from ablations.data.catalog import describe, read
from ablations.data.source import LocalCopy
from ablations.errors import DataError
from ablations.study.tasks import CLASSIFICATION, REGRESSION

TABLES = {"wine": CLASSIFICATION, "breast_cancer": CLASSIFICATION, "diabetes": REGRESSION}


def rows(features, labels):
    table = np.column_stack([features, np.asarray(labels).reshape(len(features), -1)])
    return table[np.lexsort(table.T)]


@pytest.mark.parametrize("name", TABLES)
def test_holds_the_rows_of_scikit_learn(name):
    data = read(name, None, None, TABLES[name])
    theirs = getattr(datasets, f"load_{name}")()
    ours = rows(
        np.concatenate([data.train_features, data.test_features]),
        np.concatenate([data.train_labels, data.test_labels]),
    )
    wanted = rows(theirs.data.astype(np.float32), theirs.target)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-6 * np.abs(wanted).max())


@pytest.mark.parametrize("name", TABLES)
def test_is_what_the_catalogue_says(name):
    data = read(name, None, None, TABLES[name])
    facts = describe(name, None, None, TABLES[name])
    assert (data.input_shape, data.outputs) == (facts.input_shape, facts.outputs)
    assert len(data.train_labels) == facts.train_examples
    assert len(data.test_labels) == facts.test_examples


@pytest.mark.parametrize("source", [WINE, DIABETES], ids=lambda source: source.name)
def test_another_file_there_is_refused_in_a_line(tmp_path, source):
    torn = tmp_path / "torn.csv"
    torn.write_bytes(b"no\nnumbers here\n")
    copy = LocalCopy((torn,) * len(source.bundled), source.arrays)
    with pytest.raises(DataError, match="torn or unreadable") as caught:
        source.read(source.name, copy, "")
    assert "\n" not in str(caught.value)

"""What a study may name: every technique and every data set, as one value."""

from __future__ import annotations

from ablations.data.catalog import DATA_SETS
from ablations.study.technique import Catalog
from ablations.techniques.catalog import FAMILIES

CATALOG = Catalog(FAMILIES, tuple(DATA_SETS))

"""Findings: what the layers of each arm's runs show, in the words of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablations.analysis.show.findings import THRESHOLDS, arm_sentences
from ablations.plugin.open_study import OpenStudy
from ablations.plugin.views.layers import without_layers


def findings(study: OpenStudy, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the sentences of each arm, and how many of its runs were observed."""
    collected = study.collected()
    return {
        "control": collected.study.control,
        "thresholds": THRESHOLDS,
        "without": without_layers(collected),
        "arms": [
            {
                "arm": found.arm,
                "observed": found.runs,
                "runs": len(collected.of_arm(found.arm)),
                "damaged": found.damaged,
                "findings": arm_sentences(found),
            }
            for found in study.findings()
        ],
    }

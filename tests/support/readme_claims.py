"""The claims in the README: ``python -m tests.support.readme_claims`` renews them."""

from __future__ import annotations

from pathlib import Path

from ablations.analysis.show.overview import read_entries
from ablations.analysis.show.render import render_claims

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- claims -->", "<!-- /claims -->"


def claims_block() -> str:
    """Return what stands between the two marks."""
    return render_claims(read_entries(ROOT / "report"), "report/")


def renewed(readme: str) -> str:
    """Return the README with the claims as the reports have them."""
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert end, f"README.md: wants {BEGIN} and {END}"
    return f"{before}{BEGIN}\n\n{claims_block()}\n{END}{after}"


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(renewed(path.read_text()))

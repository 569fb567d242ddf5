"""The report's own tables and notes, as the page shows them: the same words and digits."""

from __future__ import annotations

from typing import Any

from ablations.analysis.show.blocks import Paragraph, Section, Table


def table_data(table: Table) -> dict[str, Any]:
    """Return columns and rows; ``order`` is the number to sort a cell by."""
    return {
        "columns": [{"title": c.title, "numeric": c.numeric} for c in table.columns],
        "rows": [
            [{"text": c.text, "order": c.order, "style": c.style} for c in row]
            for row in table.rows
        ],
    }


def section_data(section: Section) -> dict[str, Any]:
    """Return the first table of a section, and its notes."""
    tables = [block for block in section.blocks if isinstance(block, Table)]
    notes = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    return {"table": table_data(tables[0]) if tables else None, "notes": notes}

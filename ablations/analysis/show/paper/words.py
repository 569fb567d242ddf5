"""Words in LaTeX: with symbols of mathematics, which every class and every font has."""

from __future__ import annotations

from ablations.analysis.show.render import latex_text

_SYMBOLS = {
    r"\textpm{}": r"$\pm$",
    r"\texttimes{}": r"$\times$",
    r"\textminus{}": r"$-$",
    r"\textless{}": r"$<$",
    r"\textgreater{}": r"$>$",
    r"\textmu{}": r"$\mu$",
    "²": r"$^2$",
    "★": r"$\star$",
    "max-T": r"\mbox{max-T}",
}


def words(text: str) -> str:
    """Escape text for LaTeX."""
    latex = latex_text(text)
    for found, symbol in _SYMBOLS.items():
        latex = latex.replace(found, symbol)
    return latex

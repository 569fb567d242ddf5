"""Reads the LaTeX that a paper's files hold, as far as is needed to find what would not compile."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PDFLATEX = shutil.which("pdflatex")
"""None on most machines: the structure is checked everywhere, the compiler where there is one."""
_SPECIAL = re.compile(r"(?<!\\)[_^#%~]")


@dataclass(frozen=True)
class Tabular:
    """A ``tabular``: its alignments, and the cells of its rows, a spanning one once."""

    columns: str
    rows: list[list[str]]
    rules: int

    @property
    def body(self) -> dict[str, list[str]]:
        """Arm → its cells behind the name."""
        return {visible(row[0]): [visible(cell) for cell in row[1:]] for row in self.rows[1:]}


def group(text: str, start: int) -> tuple[str, int]:
    """Return what stands in the braces that open at ``start``, and where they end."""
    assert text[start] == "{", text[start : start + 20]
    depth = 0
    for place in range(start, len(text)):
        escaped = text[place - 1] == "\\"
        depth += (text[place] == "{" and not escaped) - (text[place] == "}" and not escaped)
        if depth == 0:
            return text[start + 1 : place], place + 1
    raise AssertionError(f"a brace stays open: {text[start : start + 60]}")


def check(text: str) -> None:
    """Find braces and environments that are not balanced, and characters that are not escaped."""
    code = "\n".join(re.sub(r"(?<!\\)%.*", "", line) for line in text.splitlines())
    assert code.isascii(), [c for c in code if not c.isascii()]
    assert code.count("{") - code.count(r"\{") == code.count("}") - code.count(r"\}")
    assert len(re.findall(r"(?<!\\)\$", code)) % 2 == 0
    open_ = []
    for kind, name in re.findall(r"\\(begin|end)\{(.*?)\}", code):
        if kind == "begin":
            open_.append(name)
        else:
            assert open_.pop() == name
    assert not open_


def check_words(text: str) -> None:
    """Find characters that LaTeX would not print, outside of mathematics and of references."""
    for command in (r"\ensuremath", r"\label", r"\ref", r"\ablations", r"\includegraphics"):
        while command + "{" in text:
            start = text.index(command + "{")
            text = text[:start] + text[group(text, start + len(command))[1] :]
    assert not _SPECIAL.search(re.sub(r"\$.*?\$", "", text)), text


def tabular(text: str) -> Tabular:
    """Return the one ``tabular`` of a text; each row has as many cells as there are columns."""
    start = text.index(r"\begin{tabular}") + len(r"\begin{tabular}")
    form, begins = group(text, start)
    columns = re.sub(r"@\{[^}]*\}|\{[^}]*\}", "", form)
    inside = text[begins : text.index(r"\end{tabular}")]
    rules = len(re.findall(r"\\(?:top|mid|bottom)rule", inside))
    lines = re.sub(r"\\(?:top|mid|bottom)rule", "", inside).strip().splitlines()
    rows = []
    for line in filter(str.strip, lines):
        assert line.rstrip().endswith(r"\\"), line
        cells = [cell.strip() for cell in re.split(r"(?<!\\)&", line.rstrip()[:-2])]
        widths = [int(w) for w in re.findall(r"\\multicolumn\{(\d+)\}", line)]
        assert len(cells) + sum(widths) - len(widths) == len(columns), line
        for cell in cells:
            check_words(cell)
        rows.append(cells)
    return Tabular(columns, rows, rules)


def numbers(text: str) -> dict[str, str]:
    """Return key → number of a ``numbers.tex``, as a reader of the paper sees it."""
    found, place = {}, text.index("\\fi\n")
    while (start := text.find(r"\ablationsnumber{", place)) >= 0:
        key, middle = group(text, start + len(r"\ablationsnumber"))
        value, place = group(text, middle)
        assert re.fullmatch(r"[\w.+=/@-]+", key), key
        assert key not in found
        found[key] = visible(value)
    return found


def visible(latex: str) -> str:
    """Return what a reader sees of a cell."""
    text = re.sub(r"\\multicolumn\{\d+\}\{\w\}", "", latex)
    text = re.sub(r"\\(?:ensuremath|textbf|raggedright|hangindent=1em|allowbreak|mbox)", "", text)
    text = re.sub(r"\\shortstack\[\w\]", "", text).replace(r"\\", " ").replace(r"\times", "x")
    text = text.replace(r"\pm", "±").replace(r"\dagger", "†").replace(r"\ast", "*")
    text = re.sub(r"\\([_%&#])", r"\1", re.sub(r"(?<!\\)[_^]\{", "{", text))
    return re.sub(r"[{}$]", "", text).strip()


def compiled(directory: Path, name: str = "example.tex") -> str:
    """Return the log of compiling a document twice; it must compile."""
    assert PDFLATEX is not None
    for _ in range(2):
        done = subprocess.run(
            [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", name],
            cwd=directory,
            capture_output=True,
            check=False,
        )
    log = (directory / name).with_suffix(".log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    return log

"""``ablations techniques``: how a page is asked for, and what it looks like."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ablations.data.catalog import DATA_SETS
from ablations.errors import AblationsError
from ablations.study.families import Pretraining, Source
from ablations.techniques.catalog import FAMILIES
from ablations.user_code import FORM
from tests.support.catalogue import ALL, lines, page, paragraphs, printed


def test_the_overview_holds_every_technique_below_its_family_with_its_first_line() -> None:
    text = lines(printed())
    for title, family in FAMILIES.items():
        start = next(n for n, line in enumerate(text) if line.split("  ")[0] == title)
        rows = text[start + 1 : text.index("", start)]
        assert [tuple(row.split(maxsplit=1)) for row in rows] == [
            (t.model_fields["name"].default, paragraphs(t.__doc__.split("\n")[0])[0])
            for t in family.techniques
        ]
    assert all(any(line.split()[:1] == [name] for line in text) for name in DATA_SETS)
    assert any(line.startswith("training.batch_size ") for line in text)


@pytest.mark.parametrize(
    "name", ["early stopping", "early_stopping", "training.early_stopping", "Early Stopping"]
)
def test_a_family_is_found_by_title_and_by_place(name: str) -> None:
    text = printed(name)
    assert text.startswith("early stopping: at training.early_stopping\n")
    assert "parameters: patience_epochs, monitor, min_delta, every_epochs" in text


def test_a_family_is_printed_with_whole_formulas_and_the_meaning_of_their_symbols() -> None:
    text = printed("optimizer")
    assert "With `momentum` β: v ← βv − ηg, w ← w + v, so η stands inside the velocity." in text
    assert "g is the gradient, η the learning rate, w the weights." in text


def test_a_technique_is_printed_with_what_its_contract_says() -> None:
    text = printed("autoencoder")
    for contract in (Pretraining, Source):
        assert all(paragraph in lines(text) for paragraph in paragraphs(contract.__doc__))


def test_an_alias_shows_what_it_stands_for_and_a_name_in_two_families_both() -> None:
    assert printed("clipnorm") == printed("by_norm")
    heads = [line for line in lines(printed(f"{FORM[:7]}mine.build")) if line.startswith(FORM)]
    assert [head.split(", at ")[0] for head in heads] == [
        f"{FORM}: {of}" for of in ("data set", "model", "loss", "metric")
    ]


def test_a_parameter_or_a_section_shows_its_settings() -> None:
    rows = [line for line in lines(printed("dropout")) if line.startswith("model.dropout ")]
    assert len(rows) == 1
    assert "mlp, cnn" in rows[0]
    assert "number ≥ 0 and < 1" in rows[0]
    section = lines(printed("training"))
    assert any(line.startswith("training.batch_size ") for line in section)
    assert not any("momentum" in line for line in section)


@pytest.mark.parametrize("width", [80, 120])
def test_everything_fits_the_width_and_no_name_is_cut(width: int) -> None:
    texts = [printed(None, width), *(printed(title, width) for title in FAMILIES)]
    pages = {(title, name): page(title, name, width) for title, name, _ in ALL}
    texts += ["\n".join(text[:-1]) for text in pages.values()]
    assert [line for text in texts for line in lines(text) if len(line) > width] == []
    cut = [
        f"{title} {name}: {field}"
        for title, name, technique in ALL
        for field in technique.model_fields
        if field != "name" and f"\n{field} " not in "\n".join(pages[title, name])
    ]
    assert cut == []


@pytest.mark.parametrize(
    ("name", "near"), [("adm", "adam"), ("clippin", "clipping"), ("batchsize", "batch_size")]
)
def test_an_unknown_name_is_one_line_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(AblationsError) as caught:
        printed(name)
    message = str(caught.value)
    assert message.startswith(f'nothing to ablate is called "{name}"; did you mean "{near}"? Known')
    assert "\n" not in message
    assert len(message) < 300


def test_a_name_that_is_near_nothing_gets_the_families() -> None:
    with pytest.raises(AblationsError, match="Known: activation, augmentation, clipping, "):
        printed("qqqqq")


@pytest.mark.parametrize("arguments", [[], ["weight", "average"], ["muon"], ["nothing"]])
def test_the_command_loads_nothing_heavy_and_prints_plain_text(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        "from ablations.cli import main\n"
        "status = 0\n"
        "try:\n    main(['techniques', *sys.argv[1:]])\n"
        "except SystemExit as error:\n    status = error.code\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'scipy', 'tensorboard', 'numpy'}\n"
        "found = heavy & {name.split('.')[0] for name in sys.modules}\n"
        "sys.exit(f'loaded {found}' if found else status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    unknown = arguments == ["nothing"]
    assert done.returncode == (2 if unknown else 0), done.stderr
    assert len(done.stderr.splitlines()) == int(unknown)
    assert "\x1b" not in done.stdout


def test_a_form_is_called_by_its_first_word() -> None:
    assert "csv:PATH: data set, at data.name" in printed("csv")


def test_what_only_fit_has_is_found_and_said_to_be_of_it() -> None:
    (row,) = (line for line in lines(printed("callbacks")) if line.startswith("training.callbacks"))
    assert "trainer: keras" in row
    assert "code_hash" not in printed("task")


def test_sections_are_among_what_is_known() -> None:
    with pytest.raises(AblationsError, match=r"Known: .*\bdata, data set, .*\btraining\b"):
        printed("qqqqq")

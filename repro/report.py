"""Shows results beside the paper's: one HTML page, or one of the paper's figures.

python -m repro.report
python -m repro.report --figure=3 --source=paper --output=figure3.pdf
python -m repro.report --figure=1 --model=inception_v4 --dataset=aircraft --output=figure1.png

The page, report.html in --results_dir or --output, has Tables 2, 3 and 5, Figures 2 to 8 and the
paper's claims; without any results the paper's own. It needs no network and no other file.

Figure 1 (t-SNE): the fixed features of --model, and with --runs=FOLDER,FOLDER beside them those of
the networks that `repro.finetune` trained. Without --model those of the runs alone. --classes says
how many classes are drawn by --seed, or which. Figures 2, 3 and 4 are drawn from the results in
--results_dir or from the paper's Table 5 (--source), 5 to 8 from the results; 5 and 6 have those of
one --model.
"""

from pathlib import Path

from absl import flags
from matplotlib.figure import Figure

from repro import UserError, _command, _figure_1
from repro._files import replacing
from repro.figures import style
from repro.figures.page import PAPER_WIDTH
from repro.page import figures_of, studies
from repro.page.content import Report
from repro.page.page import write_page
from repro.results.cell_result import Collection
from repro.results.collection import collect

_FIGURE = flags.DEFINE_enum(
    "figure", None, [str(number) for number in range(1, 9)], "Number of one figure; else the page."
)
_SOURCE = flags.DEFINE_enum(
    "source", "ours", ["ours", "paper"], "What Figure 2, 3 or 4 shows: --results_dir, or Table 5."
)
_RUNS = flags.DEFINE_list(
    "runs", [], "Of Figure 1: folders of complete runs of repro.finetune, in the panels' order."
)
_PAGE = "report.html"


def main() -> None:
    """The page, or one figure."""
    if _FIGURE.value is None:
        _page()
        return
    _command.required(_command.OUTPUT)
    output = Path(_command.OUTPUT.value).expanduser()
    style.format_of(output)
    style.write(_figure(int(_FIGURE.value)), output)
    print(f"Wrote figure {_FIGURE.value} to {output}.")


def _page() -> None:
    collection = _collection()
    output = Path(_command.OUTPUT.value or collection.source / _PAGE).expanduser()
    if output.suffix.lower() not in (".html", ".htm"):
        raise UserError(
            f"--output={output}: the page must end in .html; --figure=2, for example, draws one "
            "figure."
        )
    text = write_page(Report.of(collection), show_progress=_command.PROGRESS.value)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with replacing(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror or error}.") from error
    for problem in collection.problems:
        print(problem)
    print(f"Wrote {len(collection.cells)} results beside the paper's to {output}.")


def _figure(number: int) -> Figure:
    papers = _SOURCE.value == "paper"
    if papers and number not in figures_of.FROM_THE_PAPER:
        raise UserError(
            f"--source=paper: the paper prints no table of what Figure {number} shows. It can be "
            "drawn from runs of your own (--source=ours); Figures 2, 3 and 4 from Table 5."
        )
    if number == 1:
        return _figure_1.draw(_RUNS.value)
    if papers:
        return figures_of.of_cells(number, figures_of.printed_results())(PAPER_WIDTH)
    collection = _collection()
    if number in figures_of.OF_STUDIES:
        return _study(number, collection)
    results = Report.of(collection).results()
    if not figures_of.can_be_drawn(number, results):
        raise _nothing_to_draw(number)
    return figures_of.of_cells(number, results)(PAPER_WIDTH)


def _study(number: int, collection: Collection) -> Figure:
    models = studies.models_of(number, collection.runs)
    model = _command.MODEL.value or next(iter(models), None)
    if model not in models:
        raise _nothing_to_draw(number)
    return figures_of.of_study(number, studies.runs_of(number, collection.runs, model))(PAPER_WIDTH)


def _nothing_to_draw(number: int) -> UserError:
    return UserError(
        f"--results_dir={_command.RESULTS_DIR.value} has nothing that Figure {number} shows"
        f"{f' of {_command.MODEL.value}' if _command.MODEL.value else ''}. What makes such runs: "
        f"{figures_of.CAPTIONS[number].command}"
    )


def _collection() -> Collection:
    return collect(Path(_command.RESULTS_DIR.value).expanduser())


if __name__ == "__main__":
    _command.run(main)

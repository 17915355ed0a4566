"""The page is one file with the paper's numbers, ours, and what is wrong with ours."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.page import studies
from repro.page.answers import mistakes, read
from repro.page.content import Report
from repro.page.drawn import svg
from repro.page.examination import examine
from repro.page.figures_of import of_cells, printed_results
from repro.page.html import Markup, element
from repro.page.page import write_page
from repro.page.plots import line_plot
from repro.page.words import decimals, signed
from repro.results.collection import collect
from tests.page import made_up

_VOID = {"meta", "img", "br"}


class _Balance(HTMLParser):
    """Raises for an element that is not closed where it should be; keeps the attributes."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", ["few_page", "papers_page"])
def test_every_element_is_closed_and_every_identifier_is_unique(name, request):
    seen = _Balance(request.getfixturevalue(name)).seen
    ids = [attributes["id"] for _, attributes in seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"][1:] for tag, attributes in seen if tag == "a"]
    assert targets
    assert set(targets) <= set(ids)


@pytest.mark.parametrize("name", ["few_page", "papers_page"])
def test_the_page_needs_no_other_file(name, request):
    seen = _Balance(request.getfixturevalue(name)).seen
    sources = [a[key] for _, a in seen for key in ("src", "srcset") if key in a]
    assert sources
    assert all(source.startswith("data:image/svg+xml,") for source in sources)
    assert not [tag for tag, a in seen if tag == "link" or (tag == "script" and "src" in a)]
    assert "url(" not in re.search(r"<style>(.*?)</style>", request.getfixturevalue(name), re.S)[1]


def test_without_results_the_page_shows_the_papers_444_numbers(papers_page):
    table5 = papers_page.split('id="table-5"')[1].split("</section>")[0]
    shown = re.findall(r'<td data-value="[\d.]+" class="number">([\d.]+)</td>', table5)
    assert sorted(map(float, shown)) == sorted(value for _, value in made_up.every_cell())
    assert "86.0" in shown  # as printed, and not 86
    assert "data-details" not in table5
    assert "has no runs yet" in papers_page


def test_a_cell_is_coloured_and_signed_by_its_verdict(few_page):
    for name, sign in (("higher", "▲"), ("lower", "▼"), ("partial-data", "◐")):
        cells = re.findall(rf'<td [^>]*class="number {name}">(.*?)</td>', few_page)
        assert cells
        assert all(sign in cell for cell in cells)
    reproduced = re.findall(r'<td [^>]*class="number reproduced">(.*?)</td>', few_page)
    assert len(reproduced) == 15
    assert not any(sign in cell for cell in reproduced for sign in "▲▼◐")


def test_what_is_damaged_repeated_or_not_complete_is_named_and_the_rest_is_shown(few_page):
    assert "Left out or repeated: 2" in few_page
    assert "is damaged" in few_page
    assert "no mistakes shown, as predictions.parquet cannot be read" in few_page
    assert "Begun and not complete: 1" in few_page


def test_names_from_folders_are_escaped_everywhere(few_page):
    assert "<b>mine" not in few_page
    assert "&lt;b&gt;mine" in few_page
    assert "<i>b</i>" not in few_page


def test_the_details_of_a_run_have_its_settings_history_search_and_mistakes(few_page):
    templates = re.findall(r'<template id="cell-\d+">(.*?)</template>', few_page)
    (trained,) = [t for t in templates if "<h2>Inception v4 on Cars, fine-tuned</h2>" in t]
    for words in ("weight decay ratio", "Training loss", "<b>80.2</b>", "Taken for", "class_0/"):
        assert words in trained
    (fitted,) = [t for t in templates if "<h2>Inception v4 on Cars, logistic regression" in t]
    assert "the ring is the chosen one" in fitted


def test_a_run_whose_details_are_not_as_written_still_has_a_page(tmp_path, monkeypatch):
    from repro.page import page

    monkeypatch.setattr(page, "figures", lambda *_, **__: Markup(""))
    cell = ("inception_v4", "cars", "finetune")
    run = made_up.metrics(cell, 93.0, details={"grid": [{"odd": 1}]}, split_sha256=None)
    folder = made_up.write_run(tmp_path, run)
    (folder / "history.csv").write_text("step,loss\n1,\n")
    text = write_page(Report.of(collect(tmp_path)))
    assert text.count("Not as a run writes it") == 3
    assert "93.0" in text


def test_frequent_mistakes_are_counted_and_name_the_surest_examples(tmp_path):
    folder = made_up.write_run(tmp_path, made_up.metrics(("vgg_16", "cars", "svm"), 80.0))
    answers = read(folder)
    found = mistakes(answers)
    wrong = answers.labels != answers.predictions
    assert sum(mistake.count for mistake in found) <= np.count_nonzero(wrong)
    assert [m.count for m in found] == sorted((m.count for m in found), reverse=True)
    first = found[0]
    here = (answers.labels == first.truth) & (answers.predictions == first.answer)
    assert np.count_nonzero(here) == first.count
    assert first.examples[0] == answers.ids[here][np.argmax(answers.scores[here])]


def test_networks_are_at_the_best_only_if_their_predictions_do_not_differ_significantly(tmp_path):
    rights = {"inception_v4": 0.95, "resnet_v1_50": 0.94, "vgg_16": 0.5}
    for seed, (model, right) in enumerate(rights.items()):
        run = made_up.metrics((model, "cars", "svm"), 100 * right)
        made_up.write_run(tmp_path, run, accuracy=right, examples=300, seed=seed)
    examined = examine(collect(tmp_path).cells)
    at_best = {cell[0]: one.not_different_from_best for cell, one in examined.items()}
    assert at_best == {"inception_v4": True, "resnet_v1_50": True, "vgg_16": False}


def test_predictions_on_other_examples_are_not_compared(tmp_path):
    for model, examples in (("inception_v4", 60), ("vgg_16", 50)):
        value = 90.0 if model == "inception_v4" else 89.0
        run = made_up.metrics((model, "cars", "svm"), value)
        made_up.write_run(tmp_path, run, examples=examples)
    examined = examine(collect(tmp_path).cells)
    assert examined["inception_v4", "cars", "svm"].not_different_from_best is True
    assert examined["vgg_16", "cars", "svm"].not_different_from_best is None


def test_of_two_runs_of_a_studys_point_the_searched_one_counts(tmp_path):
    (searched, *_) = made_up.studies()
    given_run = made_up.metrics(
        ("inception_v4", "cars", "finetune"),
        99.0,
        study="convergence",
        hyperparameters=searched.hyperparameters,
        details={},
        seed=7,
    )
    made_up.write_runs(tmp_path, [searched, given_run])
    runs = collect(tmp_path).runs
    assert studies.models_of(5, runs) == ["inception_v4"]
    assert studies.models_of(6, runs) == []
    assert studies.runs_of(5, runs, "inception_v4")["value"].tolist() == [searched.value]


def test_a_figure_in_the_page_is_its_svg_with_rounded_coordinates():
    figure = of_cells(4, printed_results())(4.2)
    text = svg(figure)
    assert text.startswith("<svg ") and text.rstrip().endswith("</svg>")
    assert '"' not in text and "<metadata>" not in text
    assert not re.search(r" (?:x|y)='-?\d+\.\d{3}", text)


@given(st.text())
def test_any_text_is_escaped_and_comes_back(text):
    written = element("p", text, title=text)
    assert written.count("<") == 2
    seen: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data):
            seen.append(data)

    reader = Reader()
    reader.feed(written.replace("\r", "?"))
    reader.close()
    assert "".join(seen) == text.replace("\r", "?")


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=300), st.booleans())
def test_a_small_plot_stays_within_its_frame(points, is_log):
    x, y = zip(*points, strict=True) if points else ((), ())
    plot = line_plot(x, y, "any", log_x=is_log, log_y=is_log)
    if plot is None:
        return
    drawn = re.search(r'<polyline points="([^"]*)"', plot)[1].split()
    assert 2 <= len(drawn) <= 122
    for point in drawn:
        across, down = map(float, point.split(","))
        assert 0 <= across <= 360
        assert 0 <= down <= 120


def test_numbers_are_written_as_the_paper_prints_them():
    assert signed(-0.25, 2) == "−0.25"
    assert signed(0.04) == "±0.0"
    assert signed(None) == "–"
    assert decimals(("inception_v4", "cifar10", "finetune")) == 2
    assert decimals(("inception_v4", "cars", "finetune")) == 1
    assert decimals(("mine", "cars", "finetune")) == 1

"""The page in a browser: nothing is cut, tables sort, cells open."""

import pytest

from repro.page.content import Report
from repro.page.page import write_page
from repro.results.collection import collect
from tests.page import made_up
from tests.page.browser import in_browser

LOOK_AT_ALL = "document.querySelectorAll('details').forEach((d) => (d.open = true)); return look();"


@pytest.fixture(scope="module")
def pages(tmp_path_factory, page_of, few_page, papers_page):
    folder = tmp_path_factory.mktemp("pages")
    results = folder / "results"
    made_up.write_every_cell(results)
    texts = {"none": papers_page, "few": few_page, "all": page_of(results)}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("width", [1400, 420])
@pytest.mark.parametrize("name", ["none", "few", "all"])
def test_nothing_sticks_out_of_the_window_or_lies_on_something_else(pages, name, width):
    seen = in_browser(pages[name], width, LOOK_AT_ALL)
    assert seen["innerWidth"] == width
    assert seen["texts"] > 500
    assert seen["scrollWidth"] <= width
    assert seen["cut"] == []
    assert seen["overlaps"] == []


@pytest.mark.parametrize("width", [1400, 420])
def test_the_details_of_a_cell_fit_into_the_window(pages, width):
    script = "document.querySelector('[data-details]').click(); return look();"
    seen = in_browser(pages["all"], width, script)
    assert seen["scrollWidth"] <= width
    assert seen["cut"] == []


def test_a_header_sorts_its_column_and_a_second_click_turns_it_around(pages):
    script = """
      const header = document.querySelectorAll("#table-5 thead th")[2];
      const values = () => Array.from(
        header.closest("table").tBodies[0].rows, (row) => Number(row.cells[2].dataset.value));
      const found = [];
      for (let i = 0; i < 2; i++) {
        header.firstChild.click();
        found.push([header.getAttribute("aria-sort"), values()]);
      }
      header.parentNode.cells[0].firstChild.click();
      found.push([header.getAttribute("aria-sort"), values()]);
      return found;
    """
    first, second, other = in_browser(pages["all"], 1400, script)
    assert first == ["descending", sorted(first[1], reverse=True)]
    assert second == ["ascending", sorted(first[1])]
    assert other[0] == "none"


def test_cells_without_a_result_come_last_in_either_order(pages):
    script = """
      const header = document.querySelectorAll("#table-5 thead th")[7];  // Cars
      const rows = () => Array.from(header.closest("table").tBodies[0].rows,
        (row) => "value" in row.cells[7].dataset);
      return [0, 1].map(() => (header.firstChild.click(), rows()));
    """
    for has_value in in_browser(pages["few"], 1400, script):
        assert has_value[:3] == [True] * 3
        assert not any(has_value[3:])


def test_a_cell_opens_its_run_and_a_second_one_takes_its_place(pages):
    script = """
      const buttons = document.querySelectorAll("[data-details]");
      const shown = [0, 100].map((place) => {
        buttons[place].click();
        const dialog = document.querySelector("dialog");
        const title = dialog.querySelector("h2");
        const found = [buttons[place].ariaLabel, title.textContent, dialog.open,
          dialog.getAttribute("aria-labelledby") === title.id,
          dialog.querySelectorAll("h2").length];
        dialog.querySelector(".close").click();
        return [...found, dialog.open];
      });
      return shown;
    """
    for label, title, is_open, is_labelled, headings, stays in in_browser(
        pages["all"], 1400, script
    ):
        assert label.startswith(title)
        assert (is_open, is_labelled, headings, stays) == (True, True, 1, False)


def test_the_text_of_foreign_names_is_shown_and_not_run(pages):
    script = """
      const main = document.querySelector("main");
      const names = Array.from(main.querySelectorAll("b, i"), (each) => each.textContent);
      return [names.includes("mine"), main.textContent.includes("<b>mine"),
        main.textContent.includes("folder:/a/<i>b</i>")];
    """
    assert in_browser(pages["few"], 1400, script) == [False, True, True]


@pytest.mark.parametrize(("width", "dark", "shown"), [(1400, False, "wide"), (420, True, "narrow")])
def test_the_drawing_that_fits_is_shown_on_white_and_the_page_in_the_preferred_colours(
    pages, width, dark, shown
):
    script = """
      const styles = ["wide", "narrow"].map(
        (name) => getComputedStyle(document.querySelector(".drawn ." + name)));
      return [styles.map((style) => style.display), styles[0].backgroundColor,
        getComputedStyle(document.body).backgroundColor];
    """
    white = "rgb(255, 255, 255)"
    displays, figure, body = in_browser(pages["none"], width, script, dark=dark)
    assert displays == (["block", "none"] if shown == "wide" else ["none", "block"])
    assert figure == white
    assert (body != white) == dark


@pytest.mark.slow
def test_the_whole_page_of_444_cells_loads(tmp_path, record_property):
    made_up.write_every_cell(tmp_path / "results", examples=3000)
    page = tmp_path / "report.html"
    page.write_text(write_page(Report.of(collect(tmp_path / "results"))))
    milliseconds = in_browser(page, 1400, "return performance.now();")
    record_property("milliseconds_to_load", milliseconds)
    print(f"{page.stat().st_size / 1e6:.1f} MB, loaded after {milliseconds:.0f} ms")
    assert 0 < milliseconds < 10_000

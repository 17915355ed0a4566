"""A table of results of anyone's is read row by row; a row that cannot be used is named."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro import UserError
from repro.results.table_reading import read_table

HEADER = "model,dataset,setting,value\n"
GOOD = "mine,pets,finetune,91.5\n"


@pytest.fixture
def read(tmp_path):
    def read(text: str | bytes, name: str = "table.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_table(path)

    return read


def values(collection) -> dict:
    return {cell.cell: cell.value for cell in collection.cells}


ONE = {("mine", "pets", "finetune"): 91.5}


@pytest.mark.parametrize(
    "text",
    [
        HEADER + GOOD,
        "\ufeff" + HEADER + GOOD,
        "# made by hand\n" + HEADER + "\n" + GOOD + "\n",
        (HEADER + GOOD).replace("\n", "\r\n"),
        "Value,Setting,Data set,Network\n91.5%,finetune,pets,mine\n",
        "model,dataset,setting,accuracy,seed\nmine , pets, finetune,91.50,3\n",
        'model,dataset,setting,value\n"mine","pets","finetune","91.5"\n',
    ],
)
def test_a_table_is_read_in_all_the_ways_people_write_it(read, text):
    found = read(text)
    assert values(found) == ONE
    assert not found.problems


def test_counts_of_images_and_imagenet_accuracy_may_be_given(read):
    found = read(
        "model,dataset,setting,value,imagenet_top1,n_test,n_test_complete\n"
        "mine,pets,finetune,91.5,76.5,3000,3669\nmine,cars,finetune,90,,,\n"
    )
    pets, cars = sorted(found.cells, key=lambda cell: -cell.value)
    assert (pets.n_test, pets.n_test_complete, pets.is_partial) == (3000, 3669, True)
    assert (cars.n_test, cars.n_test_complete, cars.is_partial) == (None, None, False)
    assert found.imagenet_top1 == {"mine": 76.5}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("mine,cars,finetune,abc", "line 3: value 'abc' is not percent"),
        ("mine,cars,finetune,nan", "line 3: value 'nan' is not percent"),
        ("mine,cars,finetune,inf", "not percent"),
        ("mine,cars,finetune,-3", "not percent"),
        ("mine,cars,finetune,100.01", "not percent"),
        ("mine,cars,finetune,0.92", "line 3: value 0.92 looks like a fraction"),
        ("mine,cars,finetune,88,5", "1 more fields than the first line; a decimal comma?"),
        ("mine,cars,guessing,88", "setting 'guessing' is unknown"),
        (",cars,finetune,88", "line 3: model is missing"),
        ("mine,,finetune,88", "line 3: dataset is missing"),
        ("mine,cars,finetune,", "no value: line 3"),
        ("mine,cars", "no value: line 3"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_rest_goes_on(read, row, words):
    found = read(HEADER + GOOD + row + "\n")
    assert values(found) == ONE
    assert len(found.problems) == 1 and words in found.problems[0]


def test_a_cell_with_two_values_is_left_out_and_one_that_is_repeated_counts_once(read):
    found = read(HEADER + GOOD + "mine,cars,finetune,80\nmine,cars,finetune,81\n" + GOOD)
    assert values(found) == ONE
    assert found.problems == (
        "mine on pets, finetune is repeated with the same value in line 2, line 5.",
        "Left out: mine on cars, finetune has different values in line 3, line 4: 80, 81.",
    )


def test_imagenet_accuracy_that_cannot_be_is_named_and_the_row_counts(read):
    found = read(
        "model,dataset,setting,value,imagenet_top1\n"
        "a,pets,finetune,91,0.765\nb,pets,finetune,92,75\nb,cars,finetune,93,76\n"
    )
    assert len(found.cells) == 3
    assert found.imagenet_top1 == {"b": 75.0}
    assert "'0.765' is not percent" in found.problems[0]
    assert "is 76, and was 75 before" in found.problems[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("# nothing\n\n", "is empty"),
        ("model,dataset\na,b\n", "lacks the columns setting, value"),
        ("model;dataset;setting;value\na;b;finetune;90\n", "Separate them with commas"),
        ("model,dataset,setting,value,value\na,b,finetune,90,91\n", "value more than once"),
        (HEADER + "a,pets,finetune,0.91\nb,pets,finetune,1.0\n", "look like fractions"),
        ((HEADER + "m\xe9,pets,finetune,90\n").encode("latin-1"), "not UTF-8 (byte 29 is 0xe9)"),
        (b"PK\x03\x04\x00\x00\xff", "not UTF-8"),
        (HEADER + 'a,"pets,finetune,90\n', "is not CSV"),
    ],
)
def test_a_file_that_cannot_be_used_as_a_whole_is_refused(read, text, words):
    with pytest.raises(UserError) as error:
        read(text)
    assert words in str(error.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_table(tmp_path / "absent.csv")


def test_json_is_read_as_cells_or_as_a_list(read):
    cells = [{"model": "mine", "dataset": "pets", "setting": "finetune", "value": 91.5}]
    missing = cells[0] | {"dataset": "cars", "value": None}
    for document in (cells, {"cells": cells}, {"cells": [*cells, missing], "more": 1}):
        assert values(read(json.dumps(document), "table.json")) == ONE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("3", "no list of cells"),
        ('{"cells": [1]}', "no list of cells"),
        ('[{"model": "a"}]', "cell 1 lacks dataset, setting, value"),
    ],
)
def test_json_of_something_else_is_refused(read, text, words):
    with pytest.raises(UserError, match=words):
        read(text, "table.json")


@settings(deadline=None)
@given(st.text())
def test_no_text_at_all_ends_in_another_error_than_a_persons(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(HEADER + text, encoding="utf-8", errors="replace")
    try:
        found = read_table(path)
    except UserError:
        return
    assert all(0 <= cell.value <= 100 for cell in found.cells)

import numpy as np
import pytest
import scipy.io

from repro import UserError, datasets
from repro.datasets.cars import SPEC
from repro.datasets.splits import digest
from tests.datasets import archives, archives_own
from tests.shared import shared_path


@pytest.fixture(autouse=True)
def tiny(declare):
    """Declares 3 classes with 5 training and 2 test images as the whole data set."""
    declare("cars", archives_own.CARS, num_classes=3)


def _load(tmp_path, split="test", **options):
    datasets.prepare("cars", tmp_path / "data", tmp_path / "manual", **options)
    return datasets.load("cars", split, tmp_path / "data")


def test_the_archives_give_classes_from_zero_and_ids_with_their_folder(tmp_path):
    archives_own.write_cars(tmp_path / "manual")
    train, test = _load(tmp_path, "train+validation"), _load(tmp_path)
    assert list(train.ids) == [f"cars_train/{number:05d}" for number in range(1, 16)]
    assert list(test.ids) == [f"cars_test/{number:05d}" for number in range(1, 7)]
    assert list(train.labels) == [0, 1, 2] * 5
    assert list(test.labels) == [0, 1, 2] * 2
    assert train.class_names == test.class_names == archives_own.CAR_NAMES
    files = archives_own.cars_files()
    for examples in (train, test):
        for identifier, content in zip(examples.ids, examples.images, strict=True):
            folder, name = identifier.split("/")
            assert content == files[folder][f"{name}.jpg"]


def test_extracted_folders_are_as_good(tmp_path):
    archives_own.write_cars(tmp_path / "a" / "manual")
    archives_own.write_cars(tmp_path / "b" / "manual", extracted=True)
    files = archives_own.cars_files()
    # As mirrors lay it out: the labels in the devkit, each folder in one of the same name.
    mirrored = {
        "devkit": files["devkit"] | files[""],
        "cars_train": {f"cars_train/{name}": image for name, image in files["cars_train"].items()},
        "cars_test": {f"cars_test/{name}": image for name, image in files["cars_test"].items()},
    }
    archives_own.write_cars(tmp_path / "c" / "manual", mirrored, extracted=True)
    digests = {_load(tmp_path / case, "train").sha256 for case in "abc"}
    assert len(digests) == 1


def test_missing_test_labels_are_told_apart_from_the_devkits_file(tmp_path):
    archives_own.write_cars(tmp_path / "manual")
    (tmp_path / "manual" / "cars_test_annos_withlabels.mat").unlink()
    with pytest.raises(
        UserError,
        match=r"cars_test_annos_withlabels\.mat .*which the devkit's cars_test_annos\.mat does not",
    ):
        _load(tmp_path)


def test_the_devkits_file_under_the_name_of_the_labels_is_recognized(tmp_path):
    files = archives_own.cars_files()
    files[""] = {"cars_test_annos_withlabels.mat": files["devkit"]["cars_test_annos.mat"]}
    archives_own.write_cars(tmp_path / "manual", files)
    with pytest.raises(
        UserError, match=r"withlabels\.mat holds no classes \(it has bbox_x1, .*, f"
    ):
        _load(tmp_path)


@pytest.mark.parametrize("number", [0, 4])
def test_a_class_out_of_range_is_named(tmp_path, number):
    files = archives_own.cars_files(train_classes=(1, 2, 3) * 4 + (1, 2, number))
    archives_own.write_cars(tmp_path / "manual", files)
    with pytest.raises(UserError, match=rf"has class {number} for 00015\.jpg; classes are 1 to 3"):
        _load(tmp_path, allow_partial=True)


def test_a_damaged_annotation_file_is_named(tmp_path):
    files = archives_own.cars_files()
    content = files["devkit"]["cars_train_annos.mat"]
    files["devkit"]["cars_train_annos.mat"] = content[: len(content) // 2]
    archives_own.write_cars(tmp_path / "manual", files)
    with pytest.raises(UserError, match=r"cars_train_annos\.mat is damaged, or no MATLAB file"):
        _load(tmp_path)


def test_the_test_images_in_place_of_the_training_images_are_noticed(tmp_path):
    files = archives_own.cars_files()
    files["cars_train"] = files["cars_test"]
    archives_own.write_cars(tmp_path / "manual", files)
    with pytest.raises(UserError, match=r"lists 9 images that it does not hold: cars_train/00007,"):
        _load(tmp_path)


def test_a_folder_with_the_images_deeper_is_told(tmp_path):
    files = archives_own.cars_files()
    archives_own.write_cars(tmp_path / "manual", files)
    (tmp_path / "manual" / "cars_test.tgz").unlink()
    archives.write(tmp_path / "manual" / "cars_test.tar", "test", files["cars_test"])
    with pytest.raises(UserError, match=r"cars_test\.tar has no folder cars_test/, .* test/00001"):
        _load(tmp_path)


def test_one_image_too_few_is_partial_on_request(tmp_path):
    files = archives_own.cars_files()
    del files["cars_test"]["00003.jpg"]
    archives_own.write_cars(tmp_path / "manual", files, extracted=True)
    with pytest.raises(UserError, match="does not hold: cars_test/00003"):
        _load(tmp_path)
    with pytest.warns(UserWarning, match="test has 5 of 6"):
        assert len(_load(tmp_path, allow_partial=True)) == 5


def test_the_digests_follow_from_the_published_annotations():
    folder = shared_path("data/splits/cars")

    def annotations(name):
        return scipy.io.loadmat(folder / name, squeeze_me=True)["annotations"]

    train = annotations("cars_train_annos.mat")
    ids = np.array([f"cars_train/{name[:-4]}" for name in train["fname"]])
    held_out = datasets.hold_out(ids, train["class"])
    test = [f"cars_test/{name[:-4]}" for name in annotations("cars_test_annos.mat")["fname"]]
    splits = {"train": ids[~held_out], "validation": ids[held_out], "test": test}
    for split, found in splits.items():
        expected = SPEC.expected[split]
        assert (len(found), digest(found)) == (expected.count, expected.sha256)


def test_the_published_class_names_are_read(tmp_path, declare):
    declare("cars", archives_own.CARS, num_classes=196)
    files = archives_own.cars_files()
    published = shared_path("data/splits/cars/cars_meta.mat").read_bytes()
    files["devkit"]["cars_meta.mat"] = published
    archives_own.write_cars(tmp_path / "manual", files)
    names = _load(tmp_path).class_names
    assert len(names) == 196
    assert names[0] == "AM General Hummer SUV 2000"

import numpy as np
import pytest
import tensorflow as tf

from repro import UserError, datasets
from repro.datasets.decoding import decode
from tests.datasets import archives

TINY = {"train": 6, "validation": 6, "test": 6}


@pytest.fixture
def tiny_aircraft(tmp_path, declare):
    """Prepares 3 variants x 6 images from a tar.gz."""
    declare("aircraft", TINY, num_classes=3)
    archives.write_aircraft_archive(tmp_path / "fgvc-aircraft-2013b.tar.gz")
    datasets.prepare("aircraft", tmp_path / "data", tmp_path)
    return tmp_path / "data"


def test_classes_are_in_the_order_of_the_file(tiny_aircraft):
    examples = datasets.load("aircraft", "train", tiny_aircraft)
    assert examples.class_names == ("Hawk T1", "F/A-18", "707-320")
    assert list(np.bincount(examples.labels)) == [2, 2, 2]


def test_ids_keep_their_leading_zeros(tiny_aircraft):
    examples = datasets.load("aircraft", "train", tiny_aircraft)
    assert examples.ids[0] == "data/images/0034309"


def test_the_three_official_splits_are_kept(tiny_aircraft):
    train, validation, test, both = (
        set(datasets.load("aircraft", split, tiny_aircraft).ids)
        for split in ("train", "validation", "test", "train+validation")
    )
    assert len(train) == len(validation) == len(test) == 6
    assert len(train | validation | test) == 18
    assert both == train | validation


def test_the_original_bytes_are_kept(tiny_aircraft):
    examples = datasets.load("aircraft", "test", tiny_aircraft)
    files = archives.aircraft_files()
    assert list(examples.images) == [files[f"{name}.jpg"] for name in examples.ids]


def test_the_banner_is_cut_off_to_the_bit(tiny_aircraft):
    examples = datasets.load("aircraft", "train", tiny_aircraft)
    for content in examples.images:
        whole = tf.io.decode_jpeg(content, channels=3).numpy()
        cut = decode(content, examples.spec.crop_bottom).numpy()
        np.testing.assert_array_equal(cut, whole[: -archives.BANNER_HEIGHT])
    assert whole.shape == (307, 403, 3)
    assert np.mean(whole[-3:]) > 240
    batches = datasets.evaluation_batches(examples, lambda image: image[-3:, :1], batch_size=6)
    np.testing.assert_array_equal(next(iter(batches))[1][-1], whole[-23:-20, :1])


def test_the_pipeline_sees_an_image_without_its_banner(tiny_aircraft):
    examples = datasets.load("aircraft", "train", tiny_aircraft)
    shapes = datasets.evaluation_batches(examples, lambda image: tf.shape(image)[:2], batch_size=6)
    assert next(iter(shapes))[1].numpy().tolist() == [[287, 403]] * 6


@pytest.mark.parametrize("name", ["fgvc-aircraft-2013b", "fgvc-aircraft-2013b.tar"])
def test_a_folder_or_a_plain_tar_is_as_good(tmp_path, declare, name):
    declare("aircraft", TINY, num_classes=3)
    archives.write_aircraft_archive(tmp_path / name)
    assert len(datasets.load("aircraft", "test", tmp_path / "data", tmp_path)) == 6


def _prepare_changed(tmp_path, change, **options):
    files = dict(archives.aircraft_files())
    change(files)
    folder = archives.AIRCRAFT_FOLDER
    archives.write(tmp_path / folder, folder, files)
    datasets.prepare("aircraft", tmp_path / "data", tmp_path, **options)


def test_images_that_are_listed_but_absent_are_named(tmp_path, declare):
    declare("aircraft", TINY, num_classes=3)
    with pytest.raises(
        UserError, match="lists 1 images that it does not hold: data/images/0034309"
    ):
        _prepare_changed(tmp_path, lambda files: files.pop("data/images/0034309.jpg"))


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(UserError, match=r"lacks data/images_variant_val\.txt"):
        _prepare_changed(tmp_path, lambda files: files.pop("data/images_variant_val.txt"))


def test_an_unknown_variant_is_named(tmp_path):
    def change(files):
        files["data/variants.txt"] = b"F/A-18\n707-320\n"

    with pytest.raises(UserError, match="the line '0034309 Hawk T1', whose variant is not in"):
        _prepare_changed(tmp_path, change)


def test_an_image_in_two_splits_is_named(tmp_path):
    def change(files):
        files["data/images_variant_test.txt"] += b"0034309 Hawk T1\n"

    with pytest.raises(UserError, match="lists data/images/0034309 in both train and test"):
        _prepare_changed(tmp_path, change)


def test_an_empty_split_is_named(tmp_path):
    def change(files):
        files["data/images_variant_val.txt"] = b""

    with pytest.raises(UserError, match="no image of the split validation"):
        _prepare_changed(tmp_path, change, allow_partial=True)


@pytest.mark.parametrize("allow_partial", [False, True])
def test_more_classes_than_the_networks_logits_are_refused(tmp_path, declare, allow_partial):
    declare("aircraft", TINY, num_classes=2)
    archives.write_aircraft_archive(tmp_path / "fgvc-aircraft-2013b.tar.gz")
    with pytest.raises(UserError, match="has 3 classes, but aircraft has 2"):
        datasets.prepare("aircraft", tmp_path / "data", tmp_path, allow_partial=allow_partial)

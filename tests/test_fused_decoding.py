"""Decoding only the crop of a JPEG gives the bits of decoding all of it, then cropping."""

import io

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from repro import datasets, preprocessing
from repro.datasets import decoding, registry

SUBSAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def _encoded(height: int, width: int, file_format: str = "JPEG", **options) -> bytes:
    rng = np.random.default_rng(height * 1000 + width)
    coarse = rng.integers(0, 256, [9, 7, 3], dtype=np.uint8)
    file = io.BytesIO()
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    image.save(file, file_format, **options)
    return file.getvalue()


def _examples(images: list[bytes], dataset: str = "caltech101") -> datasets.Examples:
    return datasets.Examples(
        spec=registry.DATASETS[dataset],
        split="train",
        ids=np.array([f"{i:03d}" for i in range(len(images))]),
        labels=np.zeros(len(images), np.int64),
        images=images,
        class_names=("a",),
    )


def _batch(examples: datasets.Examples, preprocess, seed: int) -> np.ndarray:
    [(images, _)] = datasets.training_batches(examples, preprocess, len(examples), 1, seed)
    return images.numpy()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_part_of_any_jpeg_is_decoded_to_the_same_bits(data):
    height, width = data.draw(st.integers(1, 150)), data.draw(st.integers(1, 150))
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    rows, columns = data.draw(st.integers(1, height - top)), data.draw(st.integers(1, width - left))
    content = _encoded(
        height,
        width,
        subsampling=SUBSAMPLINGS[data.draw(st.sampled_from(sorted(SUBSAMPLINGS)))],
        progressive=data.draw(st.booleans()),
        quality=data.draw(st.integers(40, 95)),
    )
    whole = tf.io.decode_jpeg(content, channels=3)
    np.testing.assert_array_equal(
        decoding.decode_crop(content, tf.shape(whole), (top, left, rows, columns)),
        whole[top : top + rows, left : left + columns],
    )


@pytest.mark.parametrize("dataset", ["caltech101", "aircraft"])
def test_training_sees_the_same_bits_as_if_it_decoded_all(dataset):
    images = [_encoded(300, 401), _encoded(151, 90), _encoded(20 + 45, 333)]
    examples = _examples(images, dataset)
    preprocess = preprocessing.for_training("inception", 64)
    for seed in range(5):
        np.testing.assert_array_equal(
            _batch(examples, preprocess, seed),
            _batch(examples, lambda image, image_seed: preprocess(image, image_seed), seed),
        )


def test_a_png_or_gif_is_cropped_after_decoding():
    images = [_encoded(120, 90, "PNG"), _encoded(120, 90, "GIF"), _encoded(90, 121)]
    preprocess = preprocessing.for_training("inception", 32)
    examples = _examples(images)
    np.testing.assert_array_equal(
        _batch(examples, preprocess, 1),
        _batch(examples, lambda image, seed: preprocess(image, seed), 1),
    )


def test_a_cut_jpeg_is_named_where_only_its_crop_is_decoded():
    whole = _encoded(300, 300)
    examples = _examples([whole, whole[: len(whole) // 2]])
    preprocess = preprocessing.for_training("inception", 32)
    with pytest.raises(Exception, match="001"), datasets.naming_bad_images(examples):
        for seed in range(20):
            _batch(examples, preprocess, seed)

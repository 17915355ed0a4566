"""From pictures to features: as the plain network computes them, resumed to the same bytes."""

import itertools
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
import tensorflow as tf

from repro import UserError, checkpoints, datasets, networks, preprocessing
from repro.features import Extractor, FeatureCache, forward
from repro.features.key import precision_of

NETWORK, SIZE = "mobilenet_v1_0.25", 32


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> datasets.Examples:
    whole = datasets.load("digits", "validation", tmp_path_factory.mktemp("data"))
    few = np.arange(21)
    return replace(whole, ids=whole.ids[few], labels=whole.labels[few], images=whole.images[few])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "model.ckpt"
    checkpoints.write_network(path, networks.create(NETWORK, 7))
    return checkpoints.find(path).path


@pytest.fixture(scope="module")
def extractor(checkpoint) -> Extractor:
    return extractor_under(tf.distribute.get_strategy(), checkpoint)


def extractor_under(strategy, checkpoint) -> Extractor:
    spec = networks.spec(NETWORK)
    return Extractor(spec, checkpoint, SIZE, strategy, batch_size=4, notify=lambda _: None)


def test_features_are_those_of_the_network_that_is_not_folded(extractor, examples, checkpoint):
    model = networks.create(NETWORK, 7, (SIZE, SIZE, 3))
    checkpoints.restore(model, checkpoint)
    preprocess = preprocessing.for_evaluation("inception", SIZE)
    images = tf.stack([preprocess(picture) for picture in examples.small_pictures])
    expected = networks.feature_extractor(model)(images, training=False).numpy()
    features = extractor.features(examples)
    np.testing.assert_allclose(features.values, expected, rtol=1e-4, atol=1e-5)
    assert not features.cached and features.folder is None
    assert features.images_per_second > 0


def test_an_interrupted_extraction_goes_on_to_the_same_bytes(
    extractor, examples, tmp_path, monkeypatch
):
    whole = extractor.features(examples, FeatureCache(tmp_path / "whole"))
    original = forward.Forward.outputs
    seen = []

    def interrupted(self, batches):
        yield from itertools.islice(original(self, batches), 3)
        raise KeyboardInterrupt

    def noting(self, batches):
        for index, values in original(self, batches):
            seen.extend(index)
            yield index, values

    cache = FeatureCache(tmp_path / "resumed")
    monkeypatch.setattr(forward.Forward, "outputs", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extractor.features(examples, cache)
    monkeypatch.setattr(forward.Forward, "outputs", noting)
    resumed = extractor.features(examples, cache)
    assert seen == list(range(12, 21))
    files = [features.folder / "features.npy" for features in (whole, resumed)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_two_replicas_give_the_same_features_under_the_same_name(
    extractor, examples, checkpoint, two_replicas, tmp_path
):
    mirrored = extractor_under(two_replicas, checkpoint)
    features = mirrored.features(examples, FeatureCache(tmp_path))
    np.testing.assert_allclose(
        features.values, extractor.features(examples).values, rtol=1e-4, atol=1e-5
    )
    assert extractor.features(examples, FeatureCache(tmp_path)).cached


def test_a_cached_split_builds_no_network_and_reads_no_image(
    extractor, examples, checkpoint, tmp_path
):
    extractor.features(examples, FeatureCache(tmp_path))
    again = extractor_under(tf.distribute.get_strategy(), checkpoint)
    unreadable = replace(examples, images=_Unreadable(examples.images.lengths))
    features = again.features(unreadable, FeatureCache(tmp_path))
    assert features.cached
    assert "model" not in vars(again)


class _Unreadable:
    def __init__(self, lengths):
        self.lengths = lengths

    def __getitem__(self, index):
        raise AssertionError(f"image {index} was read")


def test_images_encoded_anew_under_the_same_ids_have_features_of_their_own(extractor, examples):
    lengths = examples.images.lengths.copy()
    lengths[3] += 1
    key = extractor.key(examples)
    other = extractor.key(replace(examples, images=_Unreadable(lengths)))
    assert key.split_sha256 == other.split_sha256
    assert key.sha256 != other.sha256
    assert extractor.key(replace(examples, contents="mine")).sha256 != key.sha256


def test_several_workers_are_refused(extractor, examples, monkeypatch):
    workers = Mock(spec=tf.distribute.MultiWorkerMirroredStrategy)
    monkeypatch.setattr(extractor, "strategy", workers)
    with pytest.raises(UserError, match="--strategy=multi_worker_mirrored"):
        extractor.features(examples)


def test_an_image_that_cannot_be_decoded_is_named(extractor, examples):
    class WithABadOne(_Unreadable):
        def __getitem__(self, index):
            return b"\xff\xd8\xffno picture" if index == 5 else examples.images[index]

        def __len__(self):
            return len(examples.images)

        def __iter__(self):
            return (self[index] for index in range(len(self)))

    bad = replace(examples, images=WithABadOne(examples.images.lengths))
    with pytest.raises(UserError, match=str(examples.ids[5])):
        extractor.features(bad)


def test_precision_tells_a_gpu_that_rounds_its_products():
    class OnGpu:
        class extended:  # noqa: N801
            worker_devices = ("/device:GPU:0",)

    assert precision_of(tf.distribute.get_strategy()) == "float32"
    assert precision_of(OnGpu()) == "float32, TensorFloat-32 products"
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        assert precision_of(OnGpu()) == "float32"
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(True)

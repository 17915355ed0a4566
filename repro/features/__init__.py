"""Penultimate features of a network for a split: computed once, kept, read as often as needed.

extractor = Extractor(networks.spec("inception_v4"), checkpoint, None, strategy)
features = extractor.features(examples, FeatureCache("features")).values
"""

from repro.features.cache import FeatureCache
from repro.features.entry import Features
from repro.features.extraction import Extractor
from repro.features.forward import Forward
from repro.features.key import FeatureKey

__all__ = ["Extractor", "FeatureCache", "FeatureKey", "Features", "Forward"]

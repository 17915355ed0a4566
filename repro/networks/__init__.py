"""The paper's networks as pure Keras 3 models, one file an architecture.

model = repro.networks.create("inception_v4", num_classes=100)
features = repro.networks.feature_extractor(model)(images)
"""

from repro.networks.folding import folded
from repro.networks.model import (
    assign,
    create,
    end_points,
    feature_extractor,
    num_parameters,
    spec_of,
    variables,
    weight_decay_variables,
)
from repro.networks.registry import NETWORKS, NetworkSpec, spec

__all__ = [
    "NETWORKS",
    "NetworkSpec",
    "assign",
    "create",
    "end_points",
    "feature_extractor",
    "folded",
    "num_parameters",
    "spec",
    "spec_of",
    "variables",
    "weight_decay_variables",
]

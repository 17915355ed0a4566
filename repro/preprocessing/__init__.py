"""Preprocessing as TF-Slim did it: the pictures that the released checkpoints were trained on.

`inception` serves the Inception family, MobileNet and NASNet, `vgg` serves VGG and ResNet v1, each
with `preprocess_for_eval` and `preprocess_for_train`. A picture is resized the way TensorFlow 1
did it (`resize`), which no layer of Keras and no default of TensorFlow 2 does.
"""

from types import ModuleType

from repro import unknown_name
from repro.preprocessing import inception, resize, vgg

__all__ = ["get", "inception", "resize", "vgg"]

_KINDS = {"inception": inception, "vgg": vgg}


def get(kind: str) -> ModuleType:
    """Returns the module for a kind of preprocessing, as `NetworkSpec.preprocessing` names it.

    Args:
      kind: "inception" or "vgg".

    Raises:
      UserError: there is no such kind.
    """
    if kind not in _KINDS:
        raise unknown_name("preprocessing", kind, _KINDS)
    return _KINDS[kind]

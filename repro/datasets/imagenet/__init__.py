"""The classes of ImageNet (ILSVRC 2012), which the released checkpoints tell apart.

The names lie in this room because they are the labels of a data set, as every other data set's do.
"""

from repro.datasets.imagenet.classes import BACKGROUND, ImageNetClass, class_of_logit, classes

__all__ = ["BACKGROUND", "ImageNetClass", "class_of_logit", "classes"]

"""The paper's Table 4: the networks, and what is known of each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from repro import unknown_name
from repro.networks.builder import Graph
from repro.networks.inception_resnet_v2 import inception_resnet_v2
from repro.networks.inception_v1 import inception_v1
from repro.networks.inception_v2 import inception_v2
from repro.networks.inception_v3 import inception_v3
from repro.networks.inception_v4 import inception_v4
from repro.networks.mobilenet_v1 import mobilenet_v1
from repro.networks.mobilenet_v2 import mobilenet_v2
from repro.networks.nasnet import LARGE, MOBILE, Size, nasnet
from repro.networks.resnet_v1 import resnet_v1
from repro.networks.vgg import vgg


@dataclass(frozen=True)
class NetworkSpec:
    """One network of Table 4 (or of the paper's later version, or a narrower MobileNet).

    Attributes:
      name: TF-Slim's, the value of `--model`.
      paper_name: as Table 4 and Table 5 print it; None for a network that is in neither.
      build: (images, num_classes, *, batch_norm_momentum, [auxiliary_head]) -> Graph.
      image_size: height and width in pixels of the images it was trained on (Table 4).
      num_features: dimension of the penultimate layer (Table 4).
      num_classes: of the released checkpoint: 1001 with a background class at 0, or 1000.
      preprocessing: "inception" or "vgg".
      logits_scope: TF-Slim scope of the last layer.
      imagenet_top1: percent (Table 4); None where the paper has none.
      parameters: millions, without the logits layer (Table 4); None where the paper has none.
      auxiliary_scope: TF-Slim scope of the auxiliary head; None for a network without.
      auxiliary_weight: of the auxiliary loss when the network was trained on ImageNet.
      label_smoothing: when the network was trained on ImageNet.
      clip_norm: of each gradient when the network was trained on ImageNet; None for no clipping.
    """

    name: str
    paper_name: str | None
    build: Callable[..., Graph]
    image_size: int
    num_features: int
    num_classes: int
    preprocessing: str
    logits_scope: str
    imagenet_top1: float | None = None
    parameters: float | None = None
    auxiliary_scope: str | None = None
    auxiliary_weight: float = 0.0
    label_smoothing: float = 0.0
    clip_norm: float | None = None


def _vgg(depth: int, paper_name: str, **table4: float) -> NetworkSpec:
    return NetworkSpec(
        name=f"vgg_{depth}",
        paper_name=paper_name,
        build=partial(vgg, depth=depth),
        image_size=224,
        num_features=4096,
        num_classes=1000,
        preprocessing="vgg",
        logits_scope=f"vgg_{depth}/fc8",
        **table4,
    )


def _resnet_v1(depth: int, **table4: float) -> NetworkSpec:
    return NetworkSpec(
        name=f"resnet_v1_{depth}",
        paper_name=f"ResNet-{depth} v1",
        build=partial(resnet_v1, depth=depth),
        image_size=224,
        num_features=2048,
        num_classes=1000,
        preprocessing="vgg",
        logits_scope=f"resnet_v1_{depth}/logits",
        **table4,
    )


def _nasnet(
    name: str, size: Size, image_size: int, num_features: int, **table4: float
) -> NetworkSpec:
    return NetworkSpec(
        name=f"nasnet_{name}",
        paper_name=f"NASNet-A {name.capitalize()}",
        build=partial(nasnet, size=size),
        image_size=image_size,
        num_features=num_features,
        num_classes=1001,
        preprocessing="inception",
        logits_scope="final_layer/FC",
        auxiliary_scope=f"aux_{size.auxiliary_cell}/aux_logits",
        auxiliary_weight=0.4,  # this and the next two as the notes in nets/nasnet/nasnet.py have it
        label_smoothing=0.1,
        clip_norm=10.0,
        **table4,
    )


def _mobilenet_v1(
    width: float, num_features: int, paper_name: str | None = None, **table4: float
) -> NetworkSpec:
    return NetworkSpec(
        name="mobilenet_v1" if width == 1 else f"mobilenet_v1_{width}",
        paper_name=paper_name,
        build=partial(mobilenet_v1, width=width),
        image_size=224,
        num_features=num_features,
        num_classes=1001,
        preprocessing="inception",
        logits_scope="MobilenetV1/Logits/Conv2d_1c_1x1",
        **table4,
    )


def _mobilenet_v2(width: float, num_features: int) -> NetworkSpec:
    return NetworkSpec(
        name="mobilenet_v2" if width == 1 else f"mobilenet_v2_{width}",
        paper_name=None,
        build=partial(mobilenet_v2, width=width),
        image_size=224,
        num_features=num_features,
        num_classes=1001,
        preprocessing="inception",
        logits_scope="MobilenetV2/Logits/Conv2d_1c_1x1",
    )


_ALL = (
    _vgg(16, "VGG-16 (D)", imagenet_top1=70.9, parameters=134.3),
    _vgg(19, "VGG-19 (E)", imagenet_top1=71.0, parameters=139.6),
    NetworkSpec(
        name="inception_v1",
        paper_name="Inception v1",
        build=inception_v1,
        image_size=224,
        num_features=1024,
        num_classes=1001,
        preprocessing="inception",
        logits_scope="InceptionV1/Logits/Conv2d_0c_1x1",
        imagenet_top1=69.8,
        parameters=5.6,
    ),
    NetworkSpec(
        name="inception_v2",
        paper_name="BN-Inception",
        build=inception_v2,
        image_size=224,
        num_features=1024,
        num_classes=1001,
        preprocessing="inception",
        logits_scope="InceptionV2/Logits/Conv2d_1c_1x1",
        imagenet_top1=74.0,
        parameters=10.1,
    ),
    NetworkSpec(
        name="inception_v3",
        paper_name="Inception v3",
        build=inception_v3,
        image_size=299,
        num_features=2048,
        num_classes=1001,
        preprocessing="inception",
        logits_scope="InceptionV3/Logits/Conv2d_1c_1x1",
        imagenet_top1=78.0,
        parameters=21.8,
        auxiliary_scope="InceptionV3/AuxLogits",
        auxiliary_weight=0.4,  # train_image_classifier.py, for any network with an auxiliary head
        label_smoothing=0.1,  # Szegedy et al., 2016, section 7; the released training used it
    ),
    NetworkSpec(
        name="inception_v4",
        paper_name="Inception v4",
        build=inception_v4,
        image_size=299,
        num_features=1536,
        num_classes=1001,
        preprocessing="inception",
        logits_scope="InceptionV4/Logits/Logits",
        imagenet_top1=80.2,
        parameters=41.1,
        auxiliary_scope="InceptionV4/AuxLogits",
        auxiliary_weight=0.4,
        label_smoothing=0.1,
    ),
    NetworkSpec(
        name="inception_resnet_v2",
        paper_name="Inception-ResNet v2",
        build=inception_resnet_v2,
        image_size=299,
        num_features=1536,
        num_classes=1001,
        preprocessing="inception",
        logits_scope="InceptionResnetV2/Logits/Logits",
        imagenet_top1=80.4,
        parameters=54.3,
        auxiliary_scope="InceptionResnetV2/AuxLogits",
        auxiliary_weight=0.4,
        label_smoothing=0.1,
    ),
    _resnet_v1(50, imagenet_top1=75.2, parameters=23.5),
    _resnet_v1(101, imagenet_top1=76.4, parameters=42.5),
    _resnet_v1(152, imagenet_top1=76.8, parameters=58.1),
    _mobilenet_v1(1, 1024, "MobileNet v1", imagenet_top1=70.7, parameters=3.2),
    _nasnet("mobile", MOBILE, 224, 1056, imagenet_top1=74.0, parameters=4.2),
    _nasnet("large", LARGE, 331, 4032, imagenet_top1=82.7, parameters=84.7),
    _mobilenet_v2(1, 1280),
    _mobilenet_v2(1.4, 1792),
    _mobilenet_v1(0.75, 768),
    _mobilenet_v1(0.5, 512),
    _mobilenet_v1(0.25, 256),
)
NETWORKS = {spec.name: spec for spec in _ALL}


def spec(name: str) -> NetworkSpec:
    """Returns a network's entry; `UserError` with the nearest names for an unknown one."""
    if name not in NETWORKS:
        raise unknown_name("--model", name, NETWORKS)
    return NETWORKS[name]

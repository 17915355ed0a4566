"""Where the commands keep features, and how they compute them."""

from pathlib import Path

from absl import flags

from repro import _command
from repro.features import Extractor, FeatureCache
from repro.networks import NetworkSpec
from repro.training import get_strategy

FEATURES_DIR = flags.DEFINE_string(
    "features_dir", None, "Folder where features are kept; default: features beside --results_dir."
)
CACHE_FEATURES = flags.DEFINE_bool(
    "cache_features", True, "Whether features are kept, and taken from where they are kept."
)


def cache() -> FeatureCache | None:
    """Returns where features are kept; None if they are not to be."""
    if not CACHE_FEATURES.value:
        return None
    beside_results = Path(_command.RESULTS_DIR.value).expanduser().parent / "features"
    return FeatureCache(Path(FEATURES_DIR.value or beside_results))


def extractor(network: NetworkSpec, checkpoint: Path, image_size: int | None) -> Extractor:
    """Returns the network up to its features, as the common flags say.

    Args:
      network: which one.
      checkpoint: its weights.
      image_size: height and width of its input; None for its own.
    """
    return Extractor(
        network,
        checkpoint,
        image_size,
        get_strategy(_command.STRATEGY.value, _command.TPU.value),
        batch_size=_command.EVAL_BATCH_SIZE.value,
        show_progress=_command.PROGRESS.value,
    )

"""Fine-tuning and training from random initialization under tf.distribute (Appendices A.5, A.6)."""

from repro.training.config import TrainingConfig, imagenet_settings
from repro.training.interruption import InterruptedRunError
from repro.training.loop import fit
from repro.training.schedule import batch_norm_momentum
from repro.training.strategy import STRATEGIES, get_strategy
from repro.training.trainer import Trainer

__all__ = [
    "STRATEGIES",
    "InterruptedRunError",
    "Trainer",
    "TrainingConfig",
    "batch_norm_momentum",
    "fit",
    "get_strategy",
    "imagenet_settings",
]

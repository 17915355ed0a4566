"""The frozen configuration of a training run."""

from dataclasses import dataclass

from repro import UserError
from repro.datasets import Share
from repro.networks import NetworkSpec
from repro.training import schedule

PAPER_STEPS = 19_531  # Appendix A.5
PAPER_BATCH_SIZE = 256  # Appendix A.5
PRECISIONS = ("off", "bfloat16")


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that the result of a training run depends on, but for the data and the network.

    Attributes:
      learning_rate: at step 0 of the cosine.
      weight_decay_ratio: the paper's "weight decay to learning rate ratio".
      weight_decay_rule: how it becomes the L2 coefficient; see `schedule.l2_coefficient`.
      steps: length of the run.
      batch_size: over all replicas together.
      momentum: Nesterov's.
      label_smoothing: share of the target given to all classes.
      auxiliary_weight: of the auxiliary head's loss; 0 trains without the head.
      clip_norm: each gradient's largest L2 norm; None for no clipping.
      seed: of the weights, the order of the examples, their augmentation and dropout.
      microbatch: examples of a replica that pass the network together, their gradients summed over
        the batch; None for all. The result is the same but for batch normalization, which takes
        the statistics of each such part and moves its averages after each.
      mixed_precision: "bfloat16" computes activations in it, weights staying float32; else "off".
    """

    learning_rate: float
    weight_decay_ratio: float
    weight_decay_rule: str = "divide"
    steps: int = PAPER_STEPS
    batch_size: int = PAPER_BATCH_SIZE
    momentum: float = 0.9
    label_smoothing: float = 0.0
    auxiliary_weight: float = 0.0
    clip_norm: float | None = None
    seed: int = 0
    microbatch: int | None = None
    mixed_precision: str = "off"

    def __post_init__(self):
        """Raises `UserError` for a value out of its range."""
        limits = (
            ("learning_rate", self.learning_rate > 0, "above 0"),
            ("weight_decay_ratio", self.weight_decay_ratio >= 0, "0 or above"),
            ("steps", self.steps >= 1, "1 or above"),
            ("batch_size", self.batch_size >= 1, "1 or above"),
            ("momentum", 0 <= self.momentum < 1, "at least 0 and below 1"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "at least 0 and below 1"),
            ("auxiliary_weight", self.auxiliary_weight >= 0, "0 or above"),
            ("clip_norm", self.clip_norm is None or self.clip_norm > 0, "above 0"),
            ("seed", 0 <= self.seed < 2**31, "at least 0 and below 2^31"),
            ("microbatch", self.microbatch is None or self.microbatch >= 1, "1 or above"),
            ("mixed_precision", self.mixed_precision in PRECISIONS, " or ".join(PRECISIONS)),
        )
        for name, good, allowed in limits:
            if not good:
                raise UserError(f"--{name}={getattr(self, name)} must be {allowed}.")
        if self.weight_decay_rule not in ("divide", "multiply"):
            raise UserError(
                f"--weight_decay_rule={self.weight_decay_rule} must be divide or multiply."
            )

    @property
    def l2(self) -> float:
        """The coefficient of sum(w^2) / 2 in the loss."""
        return schedule.l2_coefficient(
            self.weight_decay_ratio, self.learning_rate, self.weight_decay_rule
        )

    def rows_of_replica(self, replicas: int) -> int:
        """Returns a replica's part of the batch.

        Args:
          replicas: over all workers.

        Raises:
          UserError: the replicas do not divide the batch, or `microbatch` does not divide the part.
        """
        rows = Share(total=replicas).per_replica(self.batch_size)
        if self.microbatch is not None and rows % self.microbatch:
            raise UserError(
                f"--microbatch={self.microbatch} does not divide the {rows} examples that each of "
                f"{replicas} replicas has of a batch of {self.batch_size}: give a divisor of it."
            )
        return rows

    @property
    def remedy(self) -> str:
        """What helps against a loss that is not finite."""
        return f"A lower --learning_rate than {self.learning_rate:g} may help."


def imagenet_settings(spec: NetworkSpec) -> dict[str, float | None]:
    """Returns what A.5 leaves "at their ImageNet settings", by `TrainingConfig` field."""
    return {
        "label_smoothing": spec.label_smoothing,
        "auxiliary_weight": spec.auxiliary_weight,
        "clip_norm": spec.clip_norm,
    }

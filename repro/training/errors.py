"""What can go wrong in a training run beside a person's mistakes."""

from repro import UserError


class DivergedError(UserError):
    """The loss of a run is not finite any more: in a grid a result, of a single run the end."""

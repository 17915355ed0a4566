"""Penultimate features of a network for a split."""

from repro.features.forward import Forward

__all__ = ["Forward"]

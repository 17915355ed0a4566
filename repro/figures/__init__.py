"""The paper's figures, one file each: from plain arrays to a PNG, PDF or SVG."""

from repro.figures import tsne

__all__ = ["tsne"]

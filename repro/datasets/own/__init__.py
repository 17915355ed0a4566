"""A person's own data: class folders, and any classification set of TFDS."""

"""From published archives to prepared TFDS data: finding, reading, checking and building."""

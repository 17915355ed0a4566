"""TensorFlow 1's resizing, which samples a picture from its top left corner.

Output pixel i is read at i * float32(in / out) of the input (`align_corners=False`,
`half_pixel_centers=False`, no antialiasing). `tf.image.resize` and `keras.layers.Resizing` read at
(i + 0.5) * in / out - 0.5 instead, which changes single pixels by more than half the range.

Source: tf.image.resize_images of TensorFlow 1, tensorflow/python/ops/image_ops_impl.py.
"""

import tensorflow as tf

# In the order of TensorFlow 1's ResizeMethod, by which TF-Slim numbers its random choice.
METHODS = ("bilinear", "nearest", "bicubic", "area")

_KERNELS = {
    "bilinear": tf.raw_ops.ResizeBilinear,
    "nearest": tf.raw_ops.ResizeNearestNeighbor,
    "bicubic": tf.raw_ops.ResizeBicubic,
    "area": tf.raw_ops.ResizeArea,
}


def resize(
    image: tf.Tensor,
    height: int | tf.Tensor,
    width: int | tf.Tensor,
    method: str = "bilinear",
) -> tf.Tensor:
    """Resizes one picture as TensorFlow 1 did; the aspect ratio is not kept.

    Args:
      image: [h, w, channels], uint8 or float32, any range.
      height: of the result, in pixels.
      width: of the result, in pixels.
      method: one of METHODS. "bicubic" (A = -0.75) leaves the input's range, "area" may leave it
        by rounding.

    Returns:
      [height, width, channels] float32 in the units of the input, not rounded to whole numbers.

    Raises:
      ValueError: there is no such method.
    """
    if method not in _KERNELS:
        raise ValueError(f"resize method {method!r} is unknown; it is one of {', '.join(METHODS)}.")
    resized = _KERNELS[method](
        images=tf.expand_dims(image, 0),
        size=tf.stack([height, width]),
        align_corners=False,
        # The area kernel weighs whole pixels and so has no pixel centres to choose.
        **({} if method == "area" else {"half_pixel_centers": False}),
    )
    # Only the nearest neighbour keeps the type of its input.
    return tf.cast(tf.squeeze(resized, 0), tf.float32)

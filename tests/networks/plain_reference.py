"""The operations whose result depends on the size of the image, in plain NumPy.

Written from TensorFlow's definition of "SAME" padding and the description of NASNet's factorized
reduction, in float64, one pixel of a kernel after the other; nothing of `repro` is used.
"""

import numpy as np

Pair = tuple[int, int]


def output_size(size: int, kernel: int, stride: int, padding: str) -> int:
    """Returns how many pixels of an axis remain.

    Args:
      size: pixels of the axis.
      kernel: pixels of the kernel.
      stride: pixels between two positions of the kernel.
      padding: "same", as many as there are strides, or "valid", whole kernels only.
    """
    return -(-size // stride) if padding == "same" else (size - kernel) // stride + 1


def same_padding(size: int, kernel: int, stride: int) -> Pair:
    """Returns TensorFlow's padding before and after an axis; the odd pixel comes after it."""
    total = max((output_size(size, kernel, stride, "same") - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def patches(x: np.ndarray, kernel: Pair, stride: int, padding: str, fill: float) -> np.ndarray:
    """Returns what lies under the kernel at each of its positions.

    Args:
      x: `[batch, height, width, channels]`.
      kernel: its height and width.
      stride: of both axes.
      padding: "same" or "valid".
      fill: the value of the padding.

    Returns:
      `[kernel height, kernel width, batch, height', width', channels]`, float64.
    """
    rows, columns = (
        output_size(size, k, stride, padding) for size, k in zip(x.shape[1:3], kernel, strict=True)
    )
    if padding == "same":
        around = [same_padding(*pair, stride) for pair in zip(x.shape[1:3], kernel, strict=True)]
        x = np.pad(x, ((0, 0), *around, (0, 0)), constant_values=fill)
    return np.array(
        [
            [
                x[:, i : i + stride * rows : stride, j : j + stride * columns : stride][
                    :, :rows, :columns
                ]
                for j in range(kernel[1])
            ]
            for i in range(kernel[0])
        ],
        np.float64,
    )


def conv(x: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: str = "same") -> np.ndarray:
    """Convolution with a kernel `[height, width, in, out]`."""
    return np.einsum("ijbhwc,ijco->bhwo", patches(x, kernel.shape[:2], stride, padding, 0), kernel)


def depthwise(
    x: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: str = "same"
) -> np.ndarray:
    """Depthwise convolution with `[height, width, in, m]`; channel c * m + k is the kth of c."""
    y = np.einsum("ijbhwc,ijcm->bhwcm", patches(x, kernel.shape[:2], stride, padding, 0), kernel)
    return y.reshape(*y.shape[:3], -1)


def max_pool(x: np.ndarray, size: int, stride: int, padding: str) -> np.ndarray:
    """The largest value under the kernel; the padding is smaller than any."""
    return patches(x, (size, size), stride, padding, -np.inf).max((0, 1))


def avg_pool(x: np.ndarray, size: int, stride: int, padding: str) -> np.ndarray:
    """The mean of the image's pixels under the kernel; those of the padding do not count."""
    return np.nanmean(patches(x, (size, size), stride, padding, np.nan), (0, 1))


def factorized_reduction(x: np.ndarray, even: np.ndarray, odd: np.ndarray) -> np.ndarray:
    """NASNet's halving of a map, without its batch normalization.

    Half of the channels come from the pixels at even rows and columns, half from those at odd ones,
    which is the image shifted by one pixel; beyond the bottom and the right there are zeros.

    Args:
      x: `[batch, height, width, in]`.
      even: `[1, 1, in, out]`, the kernel of the even pixels.
      odd: `[1, 1, in, out]`, the kernel of the odd pixels.

    Returns:
      `[batch, ceil(height / 2), ceil(width / 2), 2 out]`.
    """
    x = np.maximum(x, 0)
    shifted = np.zeros_like(x)
    shifted[:, :-1, :-1] = x[:, 1:, 1:]
    pixels = (x[:, ::2, ::2], shifted[:, ::2, ::2])
    return np.concatenate(
        [y @ kernel[0, 0] for y, kernel in zip(pixels, (even, odd), strict=True)], axis=-1
    )

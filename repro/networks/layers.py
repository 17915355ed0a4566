"""The layers with weights. A layer's name is its TF-Slim scope, a variable's name TF-Slim's own.

Keras forbids "/" in a layer's name, so the scope `InceptionV4/Logits` is the layer
`InceptionV4.Logits`; TF-Slim's scopes hold no dots, so `slim_name` turns it back without a table.
"""

import math
from collections.abc import Sequence

import keras
from keras import ops


def slim_name(layer: keras.layers.Layer, variable: keras.Variable) -> str:
    """Returns a variable's name in a TF-Slim checkpoint, such as `MobilenetV1/Conv2d_0/weights`."""
    return f"{layer.name.replace('.', '/')}/{variable.name}"


class StoredByName:
    """A layer whose variables have their TF-Slim names in Keras files too, not just numbers.

    So a file tells which variable is which without the code that its configuration names. Keras
    calls a layer's place by its class and a count; "/" would make folders, so it is a dot here.
    """

    def save_own_variables(self, store):
        """Puts the variables into what Keras writes."""
        for name, variable in self._variables_by_key().items():
            store[name] = variable

    def load_own_variables(self, store):
        """Takes the variables from what Keras read."""
        for name, variable in self._variables_by_key().items():
            if name not in store:
                raise ValueError(f"{name} is not in the file: another network wrote it.")
            variable.assign(store[name])

    def _variables_by_key(self) -> dict[str, keras.Variable]:
        return {f"{self.name}.{variable.name}": variable for variable in self.variables}


class Weighted(StoredByName, keras.layers.Layer):
    """What the layers below share: their initializer, and which variables the L2 penalty is on.

    Args:
      kernel_initializer: of every kernel.
      use_bias: whether there is a bias, `[out]`, initialized to zero.
      regularized: names of the variables in the L2 penalty (TF-Slim's weights_regularizer).
      name: the TF-Slim scope with dots for slashes.
    """

    def __init__(
        self, kernel_initializer, *, use_bias: bool, regularized: Sequence[str] = (), **kwargs
    ):
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.use_bias = use_bias
        self.regularized = tuple(regularized)

    def _add_kernel(self, name: str, shape: Sequence[int]) -> keras.Variable:
        return self.add_weight(shape, self.kernel_initializer, name=name)

    def _add_bias(self, size: int) -> None:
        self.bias = self.add_weight((size,), "zeros", name="biases") if self.use_bias else None

    def _add(self, outputs):
        return outputs if self.bias is None else outputs + self.bias

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "use_bias": self.use_bias,
            "regularized": self.regularized,
        }


@keras.saving.register_keras_serializable("repro")
class Conv2D(Weighted):
    """slim.conv2d without its normalizer and activation; weights `[height, width, in, out]`.

    Args:
      filters: output channels.
      kernel_size: (height, width).
      strides: of both axes.
      padding: "same" (TensorFlow's: the odd pixel goes to the bottom and right) or "valid".
    """

    def __init__(
        self, filters, kernel_size, kernel_initializer, strides=1, padding="same", **kwargs
    ):
        super().__init__(kernel_initializer, **kwargs)
        self.filters = filters
        self.kernel_size = tuple(kernel_size)
        self.strides = strides
        self.padding = padding

    def build(self, input_shape):
        """Creates weights and, if asked for, biases."""
        shape = (*self.kernel_size, input_shape[-1], self.filters)
        self.kernel = self._add_kernel("weights", shape)
        self._add_bias(self.filters)

    def call(self, inputs):
        """Returns `[batch, height', width', filters]`."""
        if self._covers(inputs.shape[1:3]):
            return self._add(self._product(inputs))
        return self._add(
            ops.conv(inputs, self.kernel, self.strides, self.padding, data_format="channels_last")
        )

    def _covers(self, size: Sequence[int | None]) -> bool:
        """Whether the kernel is as large as the map, so that there is one place to put it."""
        one_place = self.padding == "valid" or self.kernel_size == (1, 1)
        return one_place and tuple(size) == self.kernel_size

    def _product(self, inputs):
        """The convolution where the kernel covers the map; several times as fast."""
        length = math.prod(self.kernel.shape[:-1])
        outputs = ops.matmul(
            ops.reshape(inputs, (-1, length)), ops.reshape(self.kernel, (length, self.filters))
        )
        return ops.reshape(outputs, (-1, 1, 1, self.filters))

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }


@keras.saving.register_keras_serializable("repro")
class DepthwiseConv2D(Weighted):
    """slim.separable_conv2d with num_outputs=None; depthwise_weights `[height, width, in, 1]`."""

    def __init__(self, kernel_size, kernel_initializer, strides=1, padding="same", **kwargs):
        super().__init__(kernel_initializer, **kwargs)
        self.kernel_size = tuple(kernel_size)
        self.strides = strides
        self.padding = padding

    def build(self, input_shape):
        """Creates depthwise_weights and, if asked for, biases."""
        shape = (*self.kernel_size, input_shape[-1], 1)
        self.kernel = self._add_kernel("depthwise_weights", shape)
        self._add_bias(input_shape[-1])

    def call(self, inputs):
        """Returns `[batch, height', width', in]`."""
        return self._add(
            ops.depthwise_conv(
                inputs, self.kernel, self.strides, self.padding, data_format="channels_last"
            )
        )

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }


@keras.saving.register_keras_serializable("repro")
class SeparableConv2D(Weighted):
    """slim.separable_conv2d: depthwise, then 1x1 pointwise, with nothing in between.

    Its variables are depthwise_weights `[height, width, in, multiplier]` and pointwise_weights
    `[1, 1, in * multiplier, out]`.

    Args:
      filters: output channels.
      kernel_size: (height, width) of the depthwise kernel.
      strides: of the depthwise convolution.
      depth_multiplier: channels out of the depthwise convolution for each channel in.
    """

    def __init__(
        self, filters, kernel_size, kernel_initializer, strides=1, depth_multiplier=1, **kwargs
    ):
        super().__init__(kernel_initializer, **kwargs)
        self.filters = filters
        self.kernel_size = tuple(kernel_size)
        self.strides = strides
        self.depth_multiplier = depth_multiplier

    def build(self, input_shape):
        """Creates depthwise_weights, pointwise_weights and, if asked for, biases."""
        channels = input_shape[-1]
        self.depthwise_kernel = self._add_kernel(
            "depthwise_weights", (*self.kernel_size, channels, self.depth_multiplier)
        )
        self.pointwise_kernel = self._add_kernel(
            "pointwise_weights", (1, 1, channels * self.depth_multiplier, self.filters)
        )
        self._add_bias(self.filters)

    def call(self, inputs):
        """Returns `[batch, height', width', filters]`."""
        return self._add(
            ops.separable_conv(
                inputs,
                self.depthwise_kernel,
                self.pointwise_kernel,
                self.strides,
                "same",
                data_format="channels_last",
            )
        )

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "depth_multiplier": self.depth_multiplier,
        }


@keras.saving.register_keras_serializable("repro")
class FullyConnected(Weighted):
    """slim.fully_connected without activation; weights `[in, out]`, biases `[out]`."""

    def __init__(self, units: int, kernel_initializer, **kwargs):
        super().__init__(kernel_initializer, **({"use_bias": True} | kwargs))
        self.units = units

    def build(self, input_shape):
        """Creates weights and biases."""
        self.kernel = self._add_kernel("weights", (input_shape[-1], self.units))
        self._add_bias(self.units)

    def call(self, inputs):
        """Returns `[batch, units]`."""
        return self._add(ops.matmul(inputs, self.kernel))

    def get_config(self):
        """Returns the constructor's arguments."""
        return super().get_config() | {"units": self.units}

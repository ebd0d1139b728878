"""A bare ``tf.function`` in a loop over ``tf.data``."""

from __future__ import annotations

from types import ModuleType

TITLE = "tf.function loop"
NEEDS = ("tensorflow", "keras")


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    import keras
    import tensorflow as tf

    arrays = subject.arrays()
    samples = tf.data.Dataset.from_tensor_slices(arrays)
    batches = samples.shuffle(len(arrays[0])).batch(subject.BATCH, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    model = subject.keras()
    optimizer = keras.optimizers.Adam(subject.RATE)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(inputs: tf.Tensor, targets: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = loss_of(targets, model(inputs, training=True))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    for _ in range(epochs):
        for inputs, targets in batches:
            step(inputs, targets)

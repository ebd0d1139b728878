"""The JAX adapter: Flax NNX and optax. Importing this package does not import jax; its modules do."""

"""TensorFlow and Keras 3 behind the adapter seam; the only room, with recipes and models, that imports them."""

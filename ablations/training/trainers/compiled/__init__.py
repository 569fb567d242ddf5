"""The compiled trainer: a whole epoch is one TensorFlow function."""

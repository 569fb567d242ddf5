"""What builds the techniques: the one door to Keras and TensorFlow."""

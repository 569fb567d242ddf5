"""Keras's ``fit`` as a trainer: the user's compiled model, train step, callbacks and data."""

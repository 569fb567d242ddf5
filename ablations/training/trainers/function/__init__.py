"""A user's function as a trainer: ``trainer: python:my_module.train``, called with a ``Run``.

It is called in a fresh process for each run, so whatever it prints, starts or changes ends with it,
and the fiftieth run begins as the first did.  Nothing here imports TensorFlow.
"""

"""How each technique is computed: one file a family, all of them listed in ``catalog``.

A technique is a frozen class with its parameters, their defaults and a method that builds it.
TensorFlow is imported where something is built, so that reading a study stays instant.
"""

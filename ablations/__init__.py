"""Ablation studies of deep-network training, inside TensorBoard."""

__version__ = "0.5.0"

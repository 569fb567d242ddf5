"""The Ablations tab inside TensorBoard.  Not built yet; it will read what ``analysis`` reads."""

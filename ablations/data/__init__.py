"""What is learned from: every source becomes one ``Dataset``.  No TensorFlow here."""

"""What is recorded: TensorBoard event files, written without TensorFlow."""

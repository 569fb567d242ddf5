"""What is studied: typed, frozen data.  Nothing here trains, and nothing here imports TensorFlow."""

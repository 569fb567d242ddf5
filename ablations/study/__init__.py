"""What is studied: typed, frozen data.  Nothing here trains or imports TensorFlow."""

"""What it means: from what runs left on disk to tables, figures and pages.  No TensorFlow."""

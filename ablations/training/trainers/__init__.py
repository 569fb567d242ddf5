"""What trains a stage of a run; today the compiled loop."""

"""What is on disk: where it lies, what it says, and what is done, stale or pending."""

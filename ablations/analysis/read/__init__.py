"""From disk to typed records; nothing is interpreted."""

"""Status, progress, volume alarm, notifications."""

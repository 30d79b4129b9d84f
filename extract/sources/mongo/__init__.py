"""The archive of old ads in MongoDB."""

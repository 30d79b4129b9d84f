"""What an ad's text says: pure rules."""

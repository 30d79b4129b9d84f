"""The sources that are read, one package each."""

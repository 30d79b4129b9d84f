"""The business register in Brønnøysund."""

"""The data to cite: tables in two formats, what they mean, checksums, and a release of each month."""

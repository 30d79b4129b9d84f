"""Extract and load: read a source, make Arrow batches, hand them to dlt. Importing it changes nothing."""

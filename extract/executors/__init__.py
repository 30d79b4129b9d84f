"""Where batches run: here, on Dask, on Coiled."""

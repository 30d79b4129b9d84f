"""Where batches run: on this machine, on Dask, on Coiled."""

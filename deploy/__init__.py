"""Ways to run the job on a schedule, and what brings a change to production."""

"""The server. Tornado is imported here and nowhere else."""

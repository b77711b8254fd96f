"""Measures a run: calls made, repeats, CPU seconds, peak memory and wall time."""

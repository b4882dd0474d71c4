"""Measurements, made again by `make figures`."""

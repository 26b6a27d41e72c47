"""Forecasts for the boat."""

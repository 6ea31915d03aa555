"""Freeze a world into a bundle, read it back and serve it; knows neither training nor the web."""

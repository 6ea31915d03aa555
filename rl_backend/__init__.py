"""Run bundles, judge, learn and measure; knows no database and no web."""

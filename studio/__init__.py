"""The web application and the command line, which wire all the other packages together."""

__version__ = "0.1.0"

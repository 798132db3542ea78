"""The `livematch` command."""

from livematch.cli.app import main

__all__ = ["main"]

"""The `livematch` command."""

import os

# Our matrix products are small: one that BLAS hands to its threads waits for them behind the
# renderer's. Must be set before NumPy is imported; a person's own setting wins.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> None:
    """Run the command line."""
    # the processes of cameras and indexing import this module again, and need none of the commands
    from livematch.cli.app import main as run  # noqa: PLC0415

    run()

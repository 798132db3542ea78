"""`python -m livematch` is the `livematch` command."""

from livematch.cli import main

if __name__ == "__main__":
    main()

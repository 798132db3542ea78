"""The director: plain Python that decides what comes in, and when."""

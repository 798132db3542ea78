"""Open Sound Control: the address space, what comes in by it, and what is told to whom."""

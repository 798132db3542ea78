"""The archive on disk: films, shots, moments and their vectors."""

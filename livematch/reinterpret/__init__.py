"""A trailer answered shot by shot out of the archive: read, surveyed, assigned, and cued."""

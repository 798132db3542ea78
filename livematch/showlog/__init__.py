"""The show as a document: written while it is performed, read to replay it and to credit it."""

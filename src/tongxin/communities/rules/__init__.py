"""The rules of communities: plain Python, one file a question."""

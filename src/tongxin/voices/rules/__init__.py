"""Rules of voices: pure, one file a question."""

"""The command line: thin doors, one file a command."""

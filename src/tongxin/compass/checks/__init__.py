"""The checks that stand beside every answer, one a file: placebo, path, falsifications, stability."""

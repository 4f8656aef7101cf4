"""Rules of the champion's day, one file per noun."""

"""`doctor`: look at everything the system stands on, one line each, and say how to mend what is wrong.

One file a check, each with one door `look()`; the list of them stands in `command.py`. Nothing here may fail by itself: each check
answers with a line, whatever it meets, so that a half-broken installation still gets the whole list.
"""

"""What the champion prints: the notice board's sheet, the list of a hand-over, the one page on the wall. A4, dark on white, PDF.

Words in, bytes out; nothing here reads the database, and nothing on a sheet is about a member.
"""

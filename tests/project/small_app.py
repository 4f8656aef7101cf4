"""A web application of ten lines, for tests of the supervisor: it says which process answers."""

import os


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()}".encode()]

"""Where an engine may run: in the job worker and in commands, never in a process that serves pages."""

import sys

from tongxin.foundation.errors import Refused

WEB = "tongxin.project.wsgi"  # loaded by web workers and by nothing else


def refuse_in_web_worker() -> None:
    """Refuses `measure.in_web_worker` where pages are served."""
    if WEB in sys.modules:
        raise Refused("measure.in_web_worker")

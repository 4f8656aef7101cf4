"""What the tests of accounts sign in with."""

import pytest

from tongxin.foundation.errors import Refused

PASSWORD = "correct-horse-battery"
HOME = "203.0.113.7"


def code_of(call) -> str:
    """The code with which `call` is refused."""
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code

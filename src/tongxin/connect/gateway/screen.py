"""The carrier of the demo: the letter is shown on the page, nothing leaves the machine."""

from django.conf import settings

from tongxin.foundation.outbox.ports import Outcome, Parcel


class Screen:
    """Marks letters as sent; `outbox.queries.on_screen` shows them. Only with demo settings."""

    dedupes = True

    def carry(self, letter: Parcel) -> Outcome:  # noqa: ARG002 (the port's shape)
        """Nothing to do: the page reads the letter itself."""
        if not settings.DEMO:
            return Outcome("failed", "the screen carries letters in the demo only", final=True)
        return Outcome("sent", "screen")

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from tongxin.foundation import one_clock


class AccountsConfig(AppConfig):
    name = "tongxin.foundation.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Sessions, tokens and codes hold for a while: every machine must mean the same while."""
        connection_created.connect(one_clock.look, dispatch_uid="tongxin.one_clock")

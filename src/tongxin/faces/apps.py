"""The faces as an app: templates, static files, the English catalogue."""

from django.apps import AppConfig


class FacesConfig(AppConfig):
    """No models stand here."""

    name = "tongxin.faces"
    label = "faces"

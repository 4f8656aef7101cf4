from django.apps import AppConfig


class RingsConfig(AppConfig):
    name = "tongxin.rings"
    label = "rings"
    default_auto_field = "django.db.models.BigAutoField"

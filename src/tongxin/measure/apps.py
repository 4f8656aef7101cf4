from django.apps import AppConfig


class MeasureConfig(AppConfig):
    name = "tongxin.measure"
    label = "measure"
    default_auto_field = "django.db.models.BigAutoField"

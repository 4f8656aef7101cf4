from django.apps import AppConfig


class ChampionsConfig(AppConfig):
    name = "tongxin.champions"
    label = "champions"
    default_auto_field = "django.db.models.BigAutoField"

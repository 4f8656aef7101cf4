from django.apps import AppConfig


class AmplifyConfig(AppConfig):
    name = "tongxin.amplify"
    label = "amplify"
    default_auto_field = "django.db.models.BigAutoField"

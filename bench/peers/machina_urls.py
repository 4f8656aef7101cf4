"""The addresses of the forum that `machina_run.py` asks."""

from django.urls import include, path

urlpatterns = [path("", include("machina.urls"))]

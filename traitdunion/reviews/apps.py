from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "traitdunion.reviews"
    verbose_name = "Bilans"

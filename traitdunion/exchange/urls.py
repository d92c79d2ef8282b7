from django.urls import path

from traitdunion.exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.run_list, name="run_list"),
    path("envoyer/<slug:kind>/", views.run_send, name="run_send"),
    path("<uuid:public_id>/", views.run_detail, name="run_detail"),
    path("<uuid:public_id>/appliquer/", views.run_confirm, name="run_confirm"),
    path("<uuid:public_id>/abandonner/", views.run_abandon, name="run_abandon"),
]

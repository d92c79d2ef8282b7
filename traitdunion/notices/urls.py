from django.urls import path

from traitdunion.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.notice_list, name="notice_list"),
    path("reglages/", views.preferences, name="preferences"),
    path("calendrier/", views.calendar, name="calendar"),
    path("calendrier/nouveau/", views.calendar_create, name="calendar_create"),
    path("calendrier/<uuid:public_id>/supprimer/", views.calendar_revoke, name="calendar_revoke"),
    path("calendrier/<str:secret>.ics", views.calendar_feed, name="calendar_feed"),
    path("non-remis/", views.outbox, name="outbox"),
    path("non-remis/tous/reprendre/", views.outbox_retry_all, name="outbox_retry_all"),
    path("non-remis/<uuid:public_id>/reprendre/", views.outbox_retry, name="outbox_retry"),
    path("<uuid:public_id>/", views.notice_detail, name="notice_detail"),
]

from django.apps import AppConfig


class BarometerConfig(AppConfig):
    name = "traitdunion.barometer"
    verbose_name = "Baromètre croisé"

    def ready(self) -> None:
        # The models exist only once every app is loaded.
        from traitdunion.barometer import letters
        from traitdunion.notices import registry
        from traitdunion.plan import origins
        from traitdunion.plan.kinds import OriginKind

        registry.register_maker(letters.INVITATION, "traitdunion.barometer.letters.finish_invitation")
        registry.register_maker(
            letters.REMINDER, "traitdunion.barometer.letters.finish_reminder", is_discreet=True
        )
        origins.register(OriginKind.BAROMETER_GAP, "barometer:piste_detail")

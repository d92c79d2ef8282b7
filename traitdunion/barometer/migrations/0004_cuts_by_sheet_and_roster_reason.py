from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('barometer', '0003_proposals'),
    ]

    operations = [
        # A cut recorded without its sheets counts as a side that changed: another edition leaves it out.
        migrations.AddField(
            model_name='cut',
            name='people',
            field=models.JSONField(default=list, verbose_name='feuilles'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='wave',
            name='roster_reason',
            field=models.CharField(blank=True, default='', max_length=300, verbose_name='motif des listes incomplètes'),
            preserve_default=False,
        ),
    ]

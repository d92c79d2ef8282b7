"""OpenID Connect allows a subject of 255 characters. Nothing is rewritten: a longer limit only."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='person',
            name='subject',
            field=models.CharField(max_length=255, verbose_name='identifiant chez le fournisseur'),
        ),
    ]

"""Keep what a convention said of itself before an act replaced it: a past evening reads as it stood. One new table."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0003_abandon_an_unsigned_text'),
    ]

    operations = [
        migrations.CreateModel(
            name='FormerTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author_label', models.CharField(max_length=250, verbose_name='auteur')),
                ('author_mandate', models.UUIDField(blank=True, null=True, verbose_name='mandat de l’auteur')),
                ('recorded_at', models.DateTimeField(db_index=True, verbose_name='enregistré le')),
                ('title', models.CharField(max_length=250, verbose_name='intitulé')),
                ('reference', models.CharField(blank=True, max_length=100, verbose_name='référence')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='entre en vigueur le')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='dernier jour')),
                ('denounced_on', models.DateField(blank=True, null=True, verbose_name='dénoncée à compter du')),
                ('denounced_reason', models.CharField(blank=True, max_length=300, verbose_name='motif de la dénonciation')),
                ('denounced_by', models.CharField(blank=True, max_length=250, verbose_name='dénonciation enregistrée par')),
                ('denounced_recorded_at', models.DateTimeField(blank=True, null=True, verbose_name='dénonciation enregistrée le')),
                ('convention', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='former_terms', to='conventions.convention', verbose_name='convention')),
                ('template', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='conventions.template', verbose_name='modèle suivi')),
            ],
            options={
                'verbose_name': 'ancienne rédaction',
                'verbose_name_plural': 'anciennes rédactions',
                'indexes': [models.Index(fields=['convention', 'recorded_at'], name='former_terms_convention')],
            },
        ),
    ]

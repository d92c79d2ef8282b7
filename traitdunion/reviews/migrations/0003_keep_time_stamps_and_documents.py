"""Keep the time-stamp of each signature for good, and the files of a quarter for as long as someone wants them."""

import django.db.models.deletion
import uuid
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER reviews_stamp_kept BEFORE UPDATE OR DELETE ON reviews_signaturestamp
  FOR EACH ROW EXECUTE FUNCTION reviews_refuse();
"""
BACKWARD = "DROP TRIGGER reviews_stamp_kept ON reviews_signaturestamp;"


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0002_keep_what_is_signed'),
    ]

    operations = [
        migrations.CreateModel(
            name='DocumentRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author_label', models.CharField(max_length=250, verbose_name='auteur')),
                ('author_mandate', models.UUIDField(blank=True, null=True, verbose_name='mandat de l’auteur')),
                ('recorded_at', models.DateTimeField(db_index=True, verbose_name='enregistré le')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('quarter', models.CharField(max_length=7, verbose_name='trimestre')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='terminé le')),
            ],
            options={
                'verbose_name': 'préparation des documents',
                'verbose_name_plural': 'préparations des documents',
                'ordering': ('-recorded_at', '-pk'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('quarter',), name='document_run_one_at_a_time', violation_error_message='Les documents de ce trimestre sont déjà en préparation.')],
            },
        ),
        migrations.CreateModel(
            name='DocumentSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField(blank=True, null=True, verbose_name='préparés le')),
                ('problem', models.CharField(blank=True, max_length=500, verbose_name='pourquoi il en manque')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sets', to='reviews.documentrun', verbose_name='préparation')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviews.version', verbose_name='version')),
            ],
            options={
                'verbose_name': 'documents d’un bilan',
                'verbose_name_plural': 'documents des bilans',
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='DocumentFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='nom')),
                ('content', models.BinaryField(verbose_name='contenu')),
                ('documents', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='reviews.documentset', verbose_name='documents')),
            ],
            options={
                'verbose_name': 'fichier d’un bilan',
                'verbose_name_plural': 'fichiers des bilans',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='SignatureStamp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author_label', models.CharField(max_length=250, verbose_name='auteur')),
                ('author_mandate', models.UUIDField(blank=True, null=True, verbose_name='mandat de l’auteur')),
                ('recorded_at', models.DateTimeField(db_index=True, verbose_name='enregistré le')),
                ('token', models.BinaryField(verbose_name='réponse de l’autorité')),
                ('stamped_at', models.DateTimeField(verbose_name='date donnée par l’autorité')),
                ('authority', models.CharField(max_length=300, verbose_name='autorité')),
                ('signature', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='stamp', to='reviews.bilansignature', verbose_name='signature')),
            ],
            options={
                'verbose_name': 'horodatage d’une signature',
                'verbose_name_plural': 'horodatages des signatures',
            },
        ),
        migrations.AddConstraint(
            model_name='documentset',
            constraint=models.UniqueConstraint(fields=('run', 'version'), name='document_set_one_a_version'),
        ),
        migrations.AddConstraint(
            model_name='documentfile',
            constraint=models.UniqueConstraint(fields=('documents', 'name'), name='document_file_once'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

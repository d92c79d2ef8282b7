"""Criteria by level, the instant of a reading, the dated names of the institutions: what the national bilan needs.

Backwards, the criteria of the national level must be gone: a quarter has one version of them again.
"""

import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0003_keep_time_stamps_and_documents'),
    ]

    operations = [
        migrations.CreateModel(
            name='PartyName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author_label', models.CharField(max_length=250, verbose_name='auteur')),
                ('author_mandate', models.UUIDField(blank=True, null=True, verbose_name='mandat de l’auteur')),
                ('recorded_at', models.DateTimeField(db_index=True, verbose_name='enregistré le')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('party', models.CharField(choices=[('sante', 'ministère chargé de la santé'), ('interieur', 'ministère de l’intérieur')], max_length=10, verbose_name='institution')),
                ('name', models.CharField(max_length=150, verbose_name='nom')),
                ('short', models.CharField(blank=True, max_length=20, verbose_name='sigle')),
                ('starts_on', models.DateField(verbose_name='à partir du')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='jusqu’au')),
                ('source', models.CharField(max_length=300, verbose_name='source')),
            ],
            options={
                'verbose_name': 'nom d’une institution',
                'verbose_name_plural': 'noms des institutions',
                'ordering': ('-starts_on', '-pk'),
            },
        ),
        migrations.AlterModelOptions(
            name='criteriaversion',
            options={'ordering': ('-quarter', 'level'), 'verbose_name': 'critères d’un trimestre', 'verbose_name_plural': 'critères des trimestres'},
        ),
        migrations.AddField(
            model_name='criteriaversion',
            name='level',
            field=models.CharField(choices=[('departement', 'département'), ('national', 'national')], default='departement', max_length=11, verbose_name='niveau'),
        ),
        migrations.AddField(
            model_name='version',
            name='figures_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='chiffres relus à'),
        ),
        migrations.AlterField(
            model_name='criteriaversion',
            name='quarter',
            field=models.CharField(max_length=7, verbose_name='trimestre'),
        ),
        migrations.AlterField(
            model_name='paragraph',
            name='section',
            field=models.CharField(choices=[('changements', 'Ce qui a changé depuis le dernier bilan'), ('etat', 'Où en sont les bilans des départements'), ('conclusions', 'Ce que concluent les départements'), ('criteres', 'Les critères des départements, un par un'), ('engagements', 'Engagements des bilans précédents'), ('convention', 'Convention'), ('referents', 'Référents et contacts'), ('reunions', 'Réunions'), ('presence', 'Demandes de présence de santé'), ('barometre', 'Baromètre croisé et pistes d’amélioration'), ('blocages', 'Blocages et actions en retard'), ('themes', 'Ce qu’écrivent les départements')], max_length=20, verbose_name='partie'),
        ),
        migrations.AddConstraint(
            model_name='criteriaversion',
            constraint=models.UniqueConstraint(fields=('quarter', 'level'), name='criteria_one_a_quarter_and_level'),
        ),
        migrations.AddConstraint(
            model_name='partyname',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='party_name_ends_after_start', violation_error_message='Le dernier jour du nom ne peut pas précéder le premier.'),
        ),
    ]

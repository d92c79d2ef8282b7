"""Keep a signature that was taken back, marked, instead of deleting it: a past evening reads as it stood.

Columns and conditions only. The way back asks that the marked rows be removed first: a side that signed again has two.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='signature',
            name='signature_once_a_side',
        ),
        migrations.AddField(
            model_name='signature',
            name='withdrawn_on',
            field=models.DateField(blank=True, null=True, verbose_name='retirée le'),
        ),
        migrations.AddField(
            model_name='signature',
            name='withdrawn_recorded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='retrait enregistré le'),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_recorded_at', None)), fields=('convention', 'side'), name='signature_once_a_side', violation_error_message='Ce côté a déjà signé.'),
        ),
        migrations.AddConstraint(
            model_name='signature',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_on', None), ('withdrawn_recorded_at', None)), models.Q(('withdrawn_on__gte', models.F('signed_on')), ('withdrawn_recorded_at__isnull', False)), _connector='OR'), name='signature_withdrawn_after_signed', violation_error_message='Le retrait d’une signature ne la précède pas.'),
        ),
    ]

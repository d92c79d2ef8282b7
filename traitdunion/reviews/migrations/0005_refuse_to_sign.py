"""A refusal to sign is an act of its own, of the text offered, and is kept as it was written."""

import django.db.models.deletion
import uuid
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION reviews_decline_what_is_offered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM reviews_version
    WHERE id = NEW.version_id AND step = 'a_signer' AND document_sha256 = NEW.document_sha256
  ) THEN
    RAISE EXCEPTION 'the refusal is not that of the text offered' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_declined_of_offered BEFORE INSERT ON reviews_declinedsignature
  FOR EACH ROW EXECUTE FUNCTION reviews_decline_what_is_offered();
CREATE TRIGGER reviews_declined_kept BEFORE UPDATE OR DELETE ON reviews_declinedsignature
  FOR EACH ROW EXECUTE FUNCTION reviews_refuse();
"""
BACKWARD = """
DROP TRIGGER reviews_declined_kept ON reviews_declinedsignature;
DROP TRIGGER reviews_declined_of_offered ON reviews_declinedsignature;
DROP FUNCTION reviews_decline_what_is_offered();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0004_open_the_national_bilan'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeclinedSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author_label', models.CharField(max_length=250, verbose_name='auteur')),
                ('author_mandate', models.UUIDField(blank=True, null=True, verbose_name='mandat de l’auteur')),
                ('recorded_at', models.DateTimeField(db_index=True, verbose_name='enregistré le')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('side', models.CharField(choices=[('prefecture', 'préfecture'), ('ars', 'ARS'), ('sante', 'ministère chargé de la santé'), ('interieur', 'ministère de l’intérieur')], max_length=10, verbose_name='côté')),
                ('quality', models.CharField(max_length=300, verbose_name='qualité')),
                ('reason', models.CharField(max_length=1000, verbose_name='motif')),
                ('document_sha256', models.CharField(max_length=64, verbose_name='empreinte du document')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='declined', to='reviews.version', verbose_name='version')),
            ],
            options={
                'verbose_name': 'refus de signer',
                'verbose_name_plural': 'refus de signer',
                'ordering': ('recorded_at', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('version', 'side', 'document_sha256'), name='declined_once_a_text', violation_error_message='Ce côté a déjà refusé de signer ce texte.'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='declined_says_why', violation_error_message='Un refus de signer dit pourquoi.')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

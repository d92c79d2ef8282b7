"""Let a text that nobody signed be given up, and refuse in the database that a text be both given up and signed.

A check sees one row only: the signatures of one side are seen by triggers. The way back asks that no text be given up.
"""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION conventions_refuse_abandon_of_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM conventions_signature
             WHERE convention_id = NEW.id AND withdrawn_recorded_at IS NULL) THEN
    RAISE EXCEPTION 'conventions_abandoned_unsigned: a side has signed' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER conventions_abandoned_unsigned BEFORE INSERT OR UPDATE OF abandoned_on ON conventions_convention
  FOR EACH ROW WHEN (NEW.abandoned_on IS NOT NULL) EXECUTE FUNCTION conventions_refuse_abandon_of_signed();

CREATE FUNCTION conventions_refuse_signature_of_abandoned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM conventions_convention
             WHERE id = NEW.convention_id AND abandoned_on IS NOT NULL) THEN
    RAISE EXCEPTION 'conventions_signed_not_abandoned: the text was given up' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER conventions_signed_not_abandoned
  BEFORE INSERT OR UPDATE OF convention_id, withdrawn_recorded_at ON conventions_signature
  FOR EACH ROW WHEN (NEW.withdrawn_recorded_at IS NULL)
  EXECUTE FUNCTION conventions_refuse_signature_of_abandoned();
"""
BACKWARD = """
DROP TRIGGER conventions_signed_not_abandoned ON conventions_signature;
DROP FUNCTION conventions_refuse_signature_of_abandoned();
DROP TRIGGER conventions_abandoned_unsigned ON conventions_convention;
DROP FUNCTION conventions_refuse_abandon_of_signed();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('conventions', '0002_keep_withdrawn_signatures'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='convention',
            name='convention_avenant_once',
        ),
        migrations.AddField(
            model_name='convention',
            name='abandoned_on',
            field=models.DateField(blank=True, editable=False, null=True, verbose_name='abandonnée le'),
        ),
        migrations.AlterField(
            model_name='steptaken',
            name='step',
            field=models.CharField(choices=[('projet', 'projet'), ('relecture', 'relecture'), ('a_signer', 'à signer'), ('abandonnee', 'abandonnée')], max_length=10, verbose_name='étape'),
        ),
        migrations.AddConstraint(
            model_name='convention',
            constraint=models.UniqueConstraint(condition=models.Q(('abandoned_on__isnull', True), ('parent__isnull', False)), fields=('parent', 'number'), name='convention_avenant_once'),
        ),
        migrations.AddConstraint(
            model_name='convention',
            constraint=models.CheckConstraint(condition=models.Q(('abandoned_on__isnull', True), ('signed_on__isnull', True), _connector='OR'), name='convention_abandoned_or_signed', violation_error_message='Une convention signée ne s’abandonne pas : elle se dénonce.'),
        ),
        migrations.AddConstraint(
            model_name='steptaken',
            constraint=models.UniqueConstraint(condition=models.Q(('step', 'abandonnee')), fields=('convention',), name='step_abandoned_once', violation_error_message='Ce texte est déjà abandonné.'),
        ),
        migrations.AddConstraint(
            model_name='steptaken',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('step', 'abandonnee'), _negated=True), models.Q(('turn', 'nobody'), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='step_abandoned_says_why', violation_error_message='Un abandon dit pourquoi, et n’attend plus personne.'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

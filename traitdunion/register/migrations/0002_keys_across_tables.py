"""Foreign keys over the département and the number; facts that refuse change in the database itself.

Django writes no constraint for a key of two columns. A fact only ever loses the sealed name of its doctor, when the
dossier is erased: what remains names nobody.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE register_dossierkey ADD CONSTRAINT key_of_dossier
  FOREIGN KEY (departement_id, dossier_uuid) REFERENCES register_dossier (departement_id, public_id);
ALTER TABLE register_sealedidentity ADD CONSTRAINT identity_of_dossier
  FOREIGN KEY (departement_id, dossier_uuid) REFERENCES register_dossier (departement_id, public_id);
ALTER TABLE register_searchmark ADD CONSTRAINT mark_of_dossier
  FOREIGN KEY (departement_id, dossier_uuid) REFERENCES register_dossier (departement_id, public_id);
ALTER TABLE register_measure ADD CONSTRAINT measure_of_dossier
  FOREIGN KEY (departement_id, dossier_uuid) REFERENCES register_dossier (departement_id, public_id);
ALTER TABLE register_event ADD CONSTRAINT event_of_measure
  FOREIGN KEY (departement_id, measure_uuid) REFERENCES register_measure (departement_id, public_id);
ALTER TABLE register_event ADD CONSTRAINT event_replaces_event
  FOREIGN KEY (departement_id, corrects_uuid) REFERENCES register_event (departement_id, public_id);

CREATE FUNCTION register_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.author_sealed IS NULL THEN
    NEW.author_sealed := OLD.author_sealed;
    IF NEW IS NOT DISTINCT FROM OLD THEN
      NEW.author_sealed := NULL;
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'facts are replaced, never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER register_event_append_only BEFORE UPDATE OR DELETE ON register_event
  FOR EACH ROW EXECUTE FUNCTION register_event_refuse();
CREATE TRIGGER register_event_no_truncate BEFORE TRUNCATE ON register_event
  FOR EACH STATEMENT EXECUTE FUNCTION register_event_refuse();
"""
BACKWARD = """
DROP TRIGGER register_event_no_truncate ON register_event;
DROP TRIGGER register_event_append_only ON register_event;
DROP FUNCTION register_event_refuse();
ALTER TABLE register_event DROP CONSTRAINT event_replaces_event;
ALTER TABLE register_event DROP CONSTRAINT event_of_measure;
ALTER TABLE register_measure DROP CONSTRAINT measure_of_dossier;
ALTER TABLE register_searchmark DROP CONSTRAINT mark_of_dossier;
ALTER TABLE register_sealedidentity DROP CONSTRAINT identity_of_dossier;
ALTER TABLE register_dossierkey DROP CONSTRAINT key_of_dossier;
"""


class Migration(migrations.Migration):
    dependencies = [("register", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

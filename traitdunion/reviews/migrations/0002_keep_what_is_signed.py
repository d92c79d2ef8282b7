"""What is signed never changes, and neither do criteria once they are frozen: the database refuses it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION reviews_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% rows are kept as they were signed or frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER reviews_signature_kept BEFORE UPDATE OR DELETE ON reviews_bilansignature
  FOR EACH ROW EXECUTE FUNCTION reviews_refuse();
CREATE TRIGGER reviews_criteria_kept BEFORE UPDATE OR DELETE ON reviews_criteriaversion
  FOR EACH ROW WHEN (OLD.frozen_at IS NOT NULL) EXECUTE FUNCTION reviews_refuse();

CREATE FUNCTION reviews_keep_signed_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.review_id, OLD.number, OLD.corrects_id, OLD.reason, OLD.step, OLD.kept, OLD.departure_reason, OLD.document,
      OLD.document_sha256, OLD.pdf_sha256)
     IS DISTINCT FROM
     (NEW.review_id, NEW.number, NEW.corrects_id, NEW.reason, NEW.step, NEW.kept, NEW.departure_reason, NEW.document,
      NEW.document_sha256, NEW.pdf_sha256)
     AND EXISTS (SELECT FROM reviews_bilansignature WHERE version_id = OLD.id) THEN
    RAISE EXCEPTION 'a signed version does not change: open a new one' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_version_kept BEFORE UPDATE ON reviews_version
  FOR EACH ROW EXECUTE FUNCTION reviews_keep_signed_version();

CREATE FUNCTION reviews_keep_signed_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM reviews_bilansignature WHERE version_id = OLD.version_id) THEN
    RAISE EXCEPTION 'a signed version does not change: open a new one' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER reviews_pdf_kept BEFORE UPDATE OR DELETE ON reviews_versionpdf
  FOR EACH ROW EXECUTE FUNCTION reviews_keep_signed_part();
CREATE TRIGGER reviews_paragraph_kept BEFORE UPDATE OR DELETE ON reviews_paragraph
  FOR EACH ROW EXECUTE FUNCTION reviews_keep_signed_part();
CREATE TRIGGER reviews_figure_kept BEFORE UPDATE OR DELETE ON reviews_figurerow
  FOR EACH ROW EXECUTE FUNCTION reviews_keep_signed_part();

CREATE FUNCTION reviews_sign_what_is_offered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM reviews_version
    WHERE id = NEW.version_id AND step = 'a_signer'
      AND document_sha256 = NEW.document_sha256 AND pdf_sha256 = NEW.pdf_sha256
  ) THEN
    RAISE EXCEPTION 'the signature is not that of the text offered' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER reviews_signature_of_offered BEFORE INSERT ON reviews_bilansignature
  FOR EACH ROW EXECUTE FUNCTION reviews_sign_what_is_offered();
"""
BACKWARD = """
DROP TRIGGER reviews_signature_of_offered ON reviews_bilansignature;
DROP FUNCTION reviews_sign_what_is_offered();
DROP TRIGGER reviews_figure_kept ON reviews_figurerow;
DROP TRIGGER reviews_paragraph_kept ON reviews_paragraph;
DROP TRIGGER reviews_pdf_kept ON reviews_versionpdf;
DROP FUNCTION reviews_keep_signed_part();
DROP TRIGGER reviews_version_kept ON reviews_version;
DROP FUNCTION reviews_keep_signed_version();
DROP TRIGGER reviews_criteria_kept ON reviews_criteriaversion;
DROP TRIGGER reviews_signature_kept ON reviews_bilansignature;
DROP FUNCTION reviews_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_open_bilans")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

"""Tell the signatures of an import whose signatory was known and could sign that day from those taken at their word.

Nothing is rewritten: the power behind a signature declared before stays « non vérifié ».
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conventions", "0005_refuse_signatures_by_statement")]

    operations = [
        migrations.AlterField(
            model_name="signature",
            name="basis",
            field=models.CharField(
                choices=[
                    ("mandate", "signataire en titre"),
                    ("delegation", "délégation de signature"),
                    ("declared", "déclarée à l’import, pouvoir non vérifié"),
                    ("checked", "déclarée à l’import, pouvoir vérifié à cette date"),
                ],
                max_length=10,
                verbose_name="pouvoir",
            ),
        ),
    ]

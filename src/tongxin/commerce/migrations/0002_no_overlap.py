"""A member pays for a program once at a time. Written by hand: the embedded server has no btree_gist, so equality of the
customer and of the program is overlap of one-number ranges.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("commerce", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE commerce_membership ADD CONSTRAINT membership_no_overlap EXCLUDE USING gist (
                int8range(customer_id, customer_id, '[]') WITH &&,
                int8range(hashtextextended(program, 0), hashtextextended(program, 0), '[]') WITH &&,
                tstzrange(started_at, ended_at) WITH &&
            )
            """,
            "ALTER TABLE commerce_membership DROP CONSTRAINT membership_no_overlap",
        )
    ]

"""Is the job solved? What members say, once a month, about what the community promised to help them with."""

from django.db import models

from tongxin.communities.models.communities import Community
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer

KEPT = "two years, then only the monthly share"


class SolvedAnswer(models.Model):
    """One member's word of one month: did it help to get the job done? Counted, never shown by name."""

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    solved = models.BooleanField()
    at = models.DateTimeField()

    personal = declare(
        "id community person",
        month=personal("whether the community helps its members", KEPT, erase=Erase.DELETE_ROW),
        solved=personal("whether the community helps its members", KEPT, erase=Erase.DELETE_ROW),
        at=personal("whether the community helps its members", KEPT, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("community", "person", "month", name="solved_once_a_month"),)

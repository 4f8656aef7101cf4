"""One member at a time: the lock under which limits for each member are counted."""

from tongxin.people.models import Customer
from tongxin.people.queries.customers import cluster


def lock_person(person: int) -> list[int]:
    """Hold the entry that stands for a member until the transaction ends; answers all entries that are this member.

    A merge or its undoing holds the same rows, so nobody gets round a limit by being two people for a moment. Comes before
    any other lock of this room.
    """
    while True:
        row = Customer.objects.select_for_update(no_key=True).values_list("id", "survivor").get(pk=person)
        if row[1] is None:
            return cluster(row[0])
        person = row[1]  # a survivor has no survivor of its own, so this ends

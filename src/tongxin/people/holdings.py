"""Where a person's rows are, and what erasure and export make of them: the visible list both of them walk.

A model with a key to a customer that is not in the list fails a test, as does a key that is not named here with a reason.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, CharField, Field, ForeignKey, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from tongxin.foundation.accounts.models import RecoveryCode, SecondFactor, SignIn
from tongxin.foundation.personal import Erase, Kind, Rule
from tongxin.people.models import Companion, Consent, Customer, Deed, Identity, Merge, Tag


@dataclass(frozen=True)
class Holding:
    """A model and the field by which its rows belong to a customer, or to the account of one."""

    model: type[Model]
    by: str
    of: str = "customer"  # or account

    @property
    def name(self) -> str:
        return self.model._meta.label_lower  # noqa: SLF001 (Django's public name for it)

    def rows(self, owners: list[int]) -> QuerySet[Model]:
        """Everything these customers (or accounts) have here."""
        return self.model._default_manager.filter(**{f"{self.by}__in": owners})  # noqa: SLF001 (same)


# Order matters only in that the customer comes last.
HOLDINGS: tuple[Holding, ...] = (
    Holding(Identity, "customer"),
    Holding(Companion, "guardian"),
    Holding(Consent, "customer"),
    Holding(Tag, "customer"),
    Holding(Merge, "source"),
    Holding(Merge, "target"),
    Holding(Deed, "person"),
    Holding(SignIn, "account", "account"),
    Holding(SecondFactor, "account", "account"),
    Holding(RecoveryCode, "account", "account"),
    Holding(Customer, "id"),
)

# Keys to a customer by which a row does not belong to them.
NOT_OWN: dict[tuple[str, str], str] = {
    ("people.customer", "survivor"): "the link of a merge; the row belongs to its own customer",
    ("people.deed", "counterpart"): "the deed is somebody else's; the counterpart is an opaque number in it",
}


def rules_of(model: type[Model]) -> dict[str, Rule]:
    """The declarations of a model of ours."""
    return model.personal  # type: ignore[attr-defined]  # every model of ours has it; a test walks them


def forget(holding: Holding, owners: list[int]) -> int:
    """Apply the declared erase rules to the rows of these owners; answers how many rows there were."""
    rules = rules_of(holding.model)
    rows = holding.rows(owners)
    if any(rule.erase is Erase.DELETE_ROW for rule in rules.values()):
        return rows.delete()[0]
    blanks = {name: _blank(holding.model, name) for name, rule in rules.items() if _blanked(rule)}
    return rows.update(**blanks) if blanks else rows.count()


def _blanked(rule: Rule) -> bool:
    return rule.kind is not Kind.NONE and rule.erase is Erase.BLANK


def _blank(model: type[Model], name: str) -> Any:
    """The empty value of a field. Where emptiness is not allowed the row's own number takes its place."""
    field: Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]  # noqa: SLF001 (public; concrete)
    if (model, name) == (Deed, "source_id"):
        return Concat(Value("~"), Cast("id", CharField()))
    if field.null:
        return None
    if isinstance(field, BooleanField):
        return False
    if isinstance(field, (CharField, TextField)):
        return ""
    raise TypeError(f"{model.__name__}.{name}: say what its empty value is")


def shown(holding: Holding, owners: list[int]) -> list[dict[str, Any]]:
    """What export hands out: of every row the fields that are declared for it, as plain JSON values."""
    names = [name for name, rule in rules_of(holding.model).items() if rule.export]
    keys = [n for n in names if isinstance(holding.model._meta.get_field(n), ForeignKey)]  # noqa: SLF001 (public)
    rows = (
        holding.rows(owners).select_related(*keys).order_by("pk")
        if keys
        else holding.rows(owners).order_by("pk")
    )
    return [{name: _plain(getattr(row, name)) for name in names} for row in rows] if names else []


def _plain(value: Any) -> Any:
    if isinstance(value, Model):  # a store, a subject: by the name people know
        return (
            getattr(value, "title", "") or getattr(value, "name", "") or str(getattr(value, "code", value.pk))
        )
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)

"""Rules of commerce: paid-membership periods; fees, vouchers, the ledger and envelopes."""

from tongxin.commerce.rules.memberships import MembershipRow, Span, clash, overlap, turned_round

__all__ = ["MembershipRow", "Span", "clash", "overlap", "turned_round"]

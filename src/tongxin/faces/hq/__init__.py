"""Headquarters at a desk: today, people, studies, rules, imports, stores, the trail."""

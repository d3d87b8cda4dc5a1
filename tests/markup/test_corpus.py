"""What the corpus is, without a browser; fetched from the registries once."""

from __future__ import annotations

from .mutations import by_event, by_nesting, by_url, mutations


def test_our_own_payloads_are_many_and_each_is_there_once() -> None:
    own = mutations()

    assert len(own) == len(set(own))
    assert len(own) > 2_500
    assert min(len(set(family())) for family in (by_event, by_url, by_nesting)) > 600

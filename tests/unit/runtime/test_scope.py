"""A scope has a tenant, and an end."""

import pytest

from freehold.model.names import PLATFORM
from freehold.runtime.failures import TenantScopeMissing
from freehold.runtime.scope import Scope

TENANT = "01900000-0000-7000-8000-000000000000"


def test_a_scope_names_its_tenant_until_it_is_closed() -> None:
    with Scope(TENANT) as scope:
        assert scope.tenant == TENANT
    with pytest.raises(TenantScopeMissing, match="closed"):
        _ = scope.tenant


@pytest.mark.parametrize(
    "nothing", ["", " ", "acme", TENANT.upper().replace("7", "A"), TENANT + "\n", "../x", None, 7, [TENANT]]
)
def test_there_is_no_scope_without_a_tenant(nothing: object) -> None:
    with pytest.raises(TenantScopeMissing, match="no default"):
        Scope(nothing)  # type: ignore[arg-type]  # that is the point


def test_the_platform_is_no_tenant_and_has_to_be_asked_for_by_name() -> None:
    assert Scope.platform().tenant == PLATFORM

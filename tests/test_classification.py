"""What tags say of health information, and where nothing can be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.classification import as_setting, classify, same

PHI = ("data=ephi", "data=phi", "phi=yes")


@pytest.mark.parametrize(
    ("tags", "is_phi"),
    [
        ({"data": "phi"}, True),
        ({"data": "ephi", "owner": "ann"}, True),
        ({"data": "public", "phi": "yes"}, True),
        ({"data": "public"}, False),
        ({"data": "PHI"}, False),
        ({"phi": "no", "data": ""}, False),
        ({"data": ""}, None),
        ({"Data": "phi"}, None),
        ({"owner": "ann"}, None),
        ({}, None),
    ],
)
def test_a_tag_classifies_by_key_and_value_to_the_letter(
    tags: dict[str, str], is_phi: bool | None
) -> None:
    assert classify(tags, PHI) is is_phi


@given(
    st.dictionaries(st.text(min_size=1).filter(lambda k: "=" not in k), st.text(min_size=1)),
    st.sampled_from(["a", "b"]),
)
def test_what_is_not_a_configured_key_changes_nothing(tags: dict[str, str], value: str) -> None:
    others = {key: text for key, text in tags.items() if key != "data"}

    assert classify({**others, "data": value}, ("data=a",)) is (value == "a")


def test_a_configuration_becomes_a_setting_in_one_order() -> None:
    assert as_setting({"phi": "yes", "data": ["phi", "ephi"]}) == PHI


def test_names_that_mean_one_resource_are_equal() -> None:
    azure = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Storage/storageAccounts/x"

    assert same(azure) == same(azure.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/"))
    assert same("//storage.googleapis.com/projects/_/buckets/b") == "//storage.googleapis.com/b"
    assert same("arn:aws:s3:::Logs") == "arn:aws:s3:::Logs"

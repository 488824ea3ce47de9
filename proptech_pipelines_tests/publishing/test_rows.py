"""Ids of messages: what they were before they were worked out by columns."""

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.publishing.rows import message_id

PARTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(-(2**63), 2**63 - 1))


@given(PARTS)
def test_an_id_is_the_hash_of_a_json_array(parts):
    text = json.dumps(["table", *parts])
    assert message_id("table", *parts) == hashlib.sha256(text.encode()).hexdigest()[:32]

"""No password is shown."""

import pytest

from proptech_pipelines.errors import ServiceError
from proptech_pipelines.redaction import redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://me:s3cret@host:8081/x gives", "at https://me:***@host:8081/x gives"),
        ("http://me:p@ss:w@host", "http://me:***@host"),
        ("http://:s3cret@host", "http://:***@host"),
        ("postgresql://me:a/b@host/x", "postgresql://me:***@host/x"),
        ("postgresql://me:s3cret@127.0.0.1:1/x", "postgresql://me:***@127.0.0.1:1/x"),
        ("host=h password=s3cret dbname=d", "host=h password=*** dbname=d"),
        (r"password = 'a \' b' dbname=d", "password = *** dbname=d"),
        ("http://127.0.0.1:8081/apis, me@example.com", "http://127.0.0.1:8081/apis, me@example.com"),
    ],
)
def test_passwords_are_left_out(text, shown):
    assert redacted(text) == shown
    assert str(ServiceError(text)) == shown

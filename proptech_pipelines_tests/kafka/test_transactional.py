"""What a topic would not take whole goes out without its value, and says so."""

from proptech_pipelines.kafka.transactional import Message, fitting


def test_a_message_that_fits_goes_as_it_is():
    message = Message("t", b"k", b"v" * 1_000, (("a", b"b"),))
    assert fitting(message, 2_000) is message


def test_a_message_that_is_too_large_goes_without_its_value_and_says_so():
    message = Message("t", b"k", b"v" * 2_000, (("a", b"b"),))
    sent = fitting(message, 2_000)
    assert sent.value is None
    assert sent.headers == (("a", b"b"), ("value_omitted", b"2000 bytes; the lake has them"))
    assert sent.key == b"k"


def test_a_message_without_value_is_never_changed():
    message = Message("t", b"k" * 5_000, None)
    assert fitting(message, 2_000) is message

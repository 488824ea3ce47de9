"""What a topic would not take whole goes out without what is too large of it, and says so."""

from hypothesis import given
from hypothesis import strategies as st

from proptech_pipelines.kafka.transactional import Message, _size, fitting


def test_a_message_that_fits_goes_as_it_is():
    message = Message("t", b"k", b"v" * 1_000, (("a", b"b"),))
    assert fitting(message, 2_000) is message


def test_a_message_that_is_too_large_goes_without_its_value_and_says_so():
    message = Message("t", b"k", b"v" * 2_000, (("a", b"b"),))
    sent = fitting(message, 2_000)
    assert sent.value is None
    assert sent.headers == (("a", b"b"), ("value_omitted", b"2000 bytes; the lake has them"))
    assert sent.key == b"k"


def test_a_key_that_is_too_large_goes_as_well():
    sent = fitting(Message("t", b"k" * 5_000, None), 2_000)
    assert (sent.key, sent.headers) == (None, (("key_omitted", b"5000 bytes; the lake has them"),))


def test_headers_that_are_too_large_go_from_the_first_on_and_no_more_of_them_than_needed():
    headers = [(f"h{number}", b"x" * 300) for number in range(9)] + [("stage", b"decode")]
    sent = fitting(Message("t", b"k", b"v" * 100, headers), 2_000)
    left = [name for name, _ in sent.headers]
    assert left == ["h5", "h6", "h7", "h8", "stage", "value_omitted", "headers_omitted"]
    assert sent.headers[-1] == ("headers_omitted", b"5 headers; the lake has them")


@given(
    key=st.none() | st.integers(0, 3_000).map(bytes),
    value=st.none() | st.integers(0, 3_000).map(bytes),
    sizes=st.lists(st.integers(0, 900), max_size=6),
    most=st.integers(900, 4_000),
)
def test_whatever_is_too_large_the_rest_fits(key, value, sizes, most):
    message = Message("t", key, value, tuple((f"h{at}", bytes(size)) for at, size in enumerate(sizes)))
    sent = fitting(message, most)
    assert _size(sent) <= most
    assert (sent is message) == (_size(message) <= most)

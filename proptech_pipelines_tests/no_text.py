"""What librdkafka refuses to send, and others send."""


class NoText(str):
    """A header name that goes out as bytes which are no UTF-8."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"

"""The geographic partitioner: records of one state stay together, in every process and every version.

A known state goes to its place in `STATE_CODES` modulo the partitions. No state, or one that is not in
the list, goes where Kafka's own default partitioner would put the key: murmur2 of the key's bytes, made
positive, modulo the partitions. Nothing is salted, so a record's partition can be worked out anywhere.
"""

_STATES = (
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT "
    "NC ND NE NH NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY"
)
_OTHERS = "AA AE AP AS FM GU MH MP PR PW VI"
STATE_CODES: tuple[str, ...] = (*_STATES.split(), *_OTHERS.split())
"""The USPS codes: the states and DC, then armed forces and territories, each in alphabetical order.

Frozen: a new code is added at the end or not at all, since any other place would move the codes behind it.
"""

_PLACE = {code: place for place, code in enumerate(STATE_CODES)}
_WORD = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C


def partition_of(state_code: str | None, key: bytes, partitions: int) -> int:
    """The partition, in `[0, partitions)`, of a record with this state and key.

    Codes are compared as they stand, in capitals. Raises ValueError for fewer than one partition.
    """
    if partitions < 1:
        raise ValueError(f"a topic has at least one partition, not {partitions}")
    place = _PLACE.get(state_code) if state_code else None
    return (murmur2(key) & 0x7FFFFFFF if place is None else place) % partitions


def murmur2(key: bytes) -> int:
    """Kafka's murmur2 of `key` as an unsigned 32-bit number, as in its `Utils.murmur2`."""
    state = _SEED ^ len(key)
    whole = len(key) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start : start + 4], "little") * _MULTIPLIER & _WORD
        word = (word ^ word >> 24) * _MULTIPLIER & _WORD
        state = state * _MULTIPLIER & _WORD ^ word
    if whole < len(key):
        state = (state ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _WORD
    state = (state ^ state >> 13) * _MULTIPLIER & _WORD
    return state ^ state >> 15

"""What is read from datagrams, however they are meant: nothing raises, nothing hangs."""

import math
import os
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from livematch.osc.packets import (
    DEEPEST,
    LARGEST_BYTES,
    MOST_ARGS,
    MOST_MESSAGES,
    Message,
    Refusal,
    decode,
    encode,
)
from livematch.osc.space import SPACE, Arg

HOSTILE = int(os.environ.get("LIVEMATCH_HOSTILE_PACKETS", "20000"))

values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.integers(-(2**31), 2**31 - 1),
    st.booleans(),
    st.none(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
)
messages = st.tuples(
    st.sampled_from([row.path for row in SPACE]), st.lists(values, max_size=6).map(tuple)
)


def bundle(*elements: bytes, timetag: int = 1) -> bytes:
    inside = b"".join(struct.pack(">i", len(element)) + element for element in elements)
    return b"#bundle\0" + struct.pack(">Q", timetag) + inside


def refusal(datagram: bytes) -> str:
    [item] = decode(datagram)
    assert isinstance(item, Refusal)
    return item.reason


def raw(path: bytes, tags: bytes, body: bytes = b"") -> bytes:
    def padded(text: bytes) -> bytes:
        return text + bytes(4 - len(text) % 4)

    return padded(path) + padded(tags) + body


@given(messages)
def test_what_is_written_is_read(message: tuple[str, tuple[Arg, ...]]) -> None:
    assert decode(encode(*message)) == [Message(*message)]


@given(messages)
def test_python_osc_reads_what_is_written(message: tuple[str, tuple[Arg, ...]]) -> None:
    path, args = message
    read = OscMessage(encode(path, args))
    assert (read.address, tuple(read.params)) == (path, args)


@given(messages)
def test_what_python_osc_writes_is_read(message: tuple[str, tuple[Arg, ...]]) -> None:
    path, args = message
    builder = OscMessageBuilder(address=path)
    for arg in args:
        builder.add_arg(arg)
    assert decode(builder.build().dgram) == [Message(path, args)]


def test_a_bundle_of_python_osc_is_read_in_order() -> None:
    builder = OscBundleBuilder(0)  # at once
    for n in range(5):
        message = OscMessageBuilder(address=f"/a/{n}")
        message.add_arg(float(n))
        builder.add_content(message.build())
    found = decode(builder.build().dgram)
    assert found == [Message(f"/a/{n}", (float(n),)) for n in range(5)]


def test_the_types_that_only_others_write() -> None:
    body = struct.pack(">d", 0.5) + struct.pack(">q", 2**40) + b"sym\0"
    assert decode(raw(b"/x", b",dhSI", body)) == [Message("/x", (0.5, 2**40, "sym"))]


def test_a_message_without_type_tags_has_no_arguments() -> None:
    assert decode(b"/livematch/next\0") == [Message("/livematch/next", ())]


@pytest.mark.parametrize(
    ("datagram", "said"),
    [
        (b"", "empty"),
        (b"\0\0\0\0", "neither"),
        (b"hello", "neither"),
        (b"/no end", "cut off"),
        (b"/no pad\0"[:-1], "cut off"),
        (raw(b"/x", b"f"), "no type tags"),
        (raw(b"/x", b",f"), "cut off"),
        (raw(b"/x", b",f", b"\0\0"), "cut off"),
        (raw(b"/x", b",s", b"abcd"), "cut off"),
        (raw(b"/\xff\xfe", b",f", bytes(4)), "UTF-8"),
        (raw(b"/x", b",s", b"\xc3\x28\0\0"), "UTF-8"),
        (raw(b"/x", b",f", struct.pack(">f", math.nan)), "not finite"),
        (raw(b"/x", b",d", struct.pack(">d", -math.inf)), "not finite"),
        (raw(b"/x", b",b", struct.pack(">i", -100) + bytes(8)), "type 'b'"),
        (raw(b"/x", b",[f]", bytes(4)), "type '['"),
        (raw(b"/x", b"," + b"i" * (MOST_ARGS + 1), bytes(400)), "arguments"),
        (b"/" + b"x" * 300 + bytes(3), "longer than 255"),
        (b"#bundle\0", "timetag"),
        (b"#bundle\0" + bytes(8) + b"\0\0\0", "do not add up"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", -4) + b"/x\0\0", "do not add up"),
        (b"#bundle\0" + bytes(8) + bytes(4) + b"/x\0\0", "do not add up"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 2**31 - 4) + b"/x\0\0", "do not add up"),
        (bytes(LARGEST_BYTES + 1), "larger"),
    ],
)
def test_a_bad_packet_is_refused_with_its_reason(datagram: bytes, said: str) -> None:
    assert said in refusal(datagram)


def test_bundles_in_bundles_to_a_depth() -> None:
    nested = encode("/x", (1.0,))
    for _ in range(DEEPEST):
        nested = bundle(nested)
    assert decode(nested) == [Message("/x", (1.0,))]
    assert "nested" in refusal(bundle(nested))


def test_ten_thousand_bundles_in_bundles_are_refused() -> None:
    nested = b"".join(
        b"#bundle\0" + bytes(8) + struct.pack(">i", 20 * (10_000 - n)) for n in range(10_000)
    )
    assert "larger" in refusal(nested)
    fitting = bundle()
    while len(fitting) + 20 <= LARGEST_BYTES:
        fitting = bundle(fitting)
    assert "nested" in refusal(fitting)


def test_what_is_whole_in_a_bundle_counts_whatever_lies_beside_it() -> None:
    whole, torn = encode("/a", (1,)), raw(b"/b", b",f")
    found = decode(bundle(whole, torn, whole))
    assert [type(item) for item in found] == [Message, Refusal, Message]


def test_a_packet_has_a_most_of_messages() -> None:
    assert len(decode(bundle(*[b"/x\0\0"] * MOST_MESSAGES))) == MOST_MESSAGES
    *found, last = decode(bundle(*[b"/x\0\0"] * (MOST_MESSAGES + 1)))
    assert len(found) == MOST_MESSAGES
    assert isinstance(last, Refusal)


def test_a_bundle_is_due_when_it_says_and_never_before_the_one_around_it() -> None:
    sooner, later = 100 << 32, (200 << 32) + (1 << 31)
    message = b"/x\0\0"
    assert decode(bundle(message, timetag=sooner)) == [Message("/x", (), 100.0)]
    assert decode(bundle(bundle(message, timetag=sooner), timetag=later)) == [
        Message("/x", (), 200.5)
    ]
    assert decode(bundle(bundle(message, timetag=later), timetag=sooner)) == [
        Message("/x", (), 200.5)
    ]
    assert decode(bundle(message, timetag=0)) == [Message("/x", ())]


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(datagram: bytes) -> None:
    for item in (*decode(datagram), *decode(b"#bundle\0" + datagram), *decode(b"/" + datagram)):
        assert isinstance(item, Message | Refusal)


def hostile(count: int, seed: int = 1) -> list[bytes]:
    """Packets that are nearly right: torn, lengthened, with bits changed, or made of parts."""
    dice = random.Random(seed)  # noqa: S311 - not a secret
    whole = [
        *(encode(row.path, (0.5,)) for row in SPACE),
        encode("/livematch/*/*", (1.0,)),
        encode("/**********Z", ()),
        raw(b"/livematch/match/tag", b",s", b"\xff\xfe\xfd\0"),
        raw(b"/livematch/look/fade", b",f", struct.pack(">f", math.nan)),
        bundle(encode("/livematch/look/fade", (0.5,)), timetag=2**63),
        bundle(bundle(bundle(encode("/livematch/next")))),
    ]
    packets = []
    for _ in range(count):
        packet = bytearray(dice.choice(whole))
        match dice.randrange(5):
            case 0:
                del packet[dice.randrange(len(packet) + 1) :]
            case 1:
                packet[dice.randrange(len(packet))] = dice.randrange(256)
            case 2:
                packet += dice.randbytes(dice.randrange(16))
            case 3:
                packet = bytearray(dice.randbytes(dice.randrange(64)))
            case _:
                packet = bytearray(bundle(bytes(packet), dice.choice(whole)))
        packets.append(bytes(packet))
    return packets


def test_a_great_many_hostile_packets() -> None:
    """LIVEMATCH_HOSTILE_PACKETS sets how many: a million takes about a minute."""
    refused = 0
    for packet in hostile(HOSTILE):
        found = decode(packet)
        assert found or packet.startswith(b"#bundle\0")
        refused += sum(isinstance(item, Refusal) for item in found)
    assert refused > HOSTILE // 10

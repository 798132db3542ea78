"""OSCQuery: the address space as JSON, and what is answered to what is asked of it."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livematch.control.commands import Trigger
from livematch.control.params import TABLE, Params
from livematch.osc.announce import OSC, QUERY, services
from livematch.osc.query import Host, Ignore, Listen, answer, asked, nodes
from livematch.osc.space import addresses, told

PRESETS = ("drift", "storm")
HOST = Host("127.0.0.1", 7000, 9000)
VALUES = {**told(Params()), "/livematch/status/bpm": 120.0}


def get(target: str) -> tuple[HTTPStatus, Any]:
    reply = answer(target, VALUES, HOST, PRESETS)
    return reply.status, json.loads(reply.body) if reply.body else None


def leaves(node: dict[str, Any]) -> dict[str, dict[str, Any]]:
    below = node.get("CONTENTS", {}).values()
    own = {node["FULL_PATH"]: node} if "TYPE" in node else {}
    return own | {path: leaf for child in below for path, leaf in leaves(child).items()}


def test_the_whole_tree_is_the_whole_address_space() -> None:
    status, root = get("/")
    assert status == HTTPStatus.OK
    assert root["FULL_PATH"] == "/"
    rows = {row.path for row in addresses(PRESETS) if not row.is_position}
    assert leaves(root).keys() == rows


def test_paths_lead_where_the_tree_does() -> None:
    _, root = get("/")
    for path, leaf in leaves(root).items():
        assert get(path) == (HTTPStatus.OK, leaf)
    assert get("/livematch/match")[1] == root["CONTENTS"]["livematch"]["CONTENTS"]["match"]
    assert get("/livematch/match/")[0] == HTTPStatus.OK


def test_every_parameter_is_described_by_its_row() -> None:
    for row in TABLE.values():
        _, leaf = get(row.address)
        assert leaf["ACCESS"] == 3
        assert leaf["DESCRIPTION"] == row.help
        assert len(leaf["TYPE"]) == 1
        assert len(leaf["VALUE"]) == 1
        if row.kind == "number":
            assert leaf["RANGE"] == [{"MIN": row.low, "MAX": row.high}]
        elif row.kind == "choice":
            assert leaf["RANGE"] == [{"VALS": list(row.choices)}]
        elif row.kind == "switch":
            assert leaf["RANGE"] == [{"MIN": 0, "MAX": 1}]


def test_a_parameter_in_full() -> None:
    assert get("/livematch/look/fade") == (
        HTTPStatus.OK,
        {
            "FULL_PATH": "/livematch/look/fade",
            "ACCESS": 3,
            "TYPE": "f",
            "VALUE": [0.5],
            "RANGE": [{"MIN": 0.0, "MAX": 20.0}],
            "UNIT": ["time.second"],
            "DESCRIPTION": "length of a crossfade; 0 cuts",
        },
    )


def test_no_parameter_has_addresses_below_it() -> None:
    """Chataigne would take it for a group without a value of its own."""
    for row in TABLE.values():
        assert "CONTENTS" not in get(row.address)[1]
        assert get(f"{row.address}/position")[0] == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("target", "status", "found"),
    [
        ("/livematch/look/fade?VALUE", 200, {"VALUE": [0.5]}),
        ("/livematch/look/fade?value=", 200, {"VALUE": [0.5]}),
        ("/livematch/look/fade?TYPE&ACCESS", 200, {"TYPE": "f", "ACCESS": 3}),
        ("/livematch/look/fade?FULL_PATH", 200, {"FULL_PATH": "/livematch/look/fade"}),
        ("/livematch/look/fade?CONTENTS", 200, {}),
        ("/livematch/status/bpm?VALUE", 200, {"VALUE": [120.0]}),
        ("/livematch/status/bpm?UNIT", 200, {"UNIT": ["time.bpm"]}),
        ("/livematch/status/bpm?ACCESS", 200, {"ACCESS": 1}),
        ("/livematch/status/film?VALUE", 200, {}),  # nothing has been told of it yet
        ("/livematch/next?VALUE", 204, None),  # a trigger has none
        ("/livematch/next?ACCESS", 200, {"ACCESS": 2}),
        ("/livematch/match?VALUE", 204, None),
        ("/livematch/match?TYPE", 200, {}),
        ("/livematch/look/fade?CLIPMODE", 204, None),
        ("/?HTML", 204, None),
        ("/livematch/look/fade?GABBA", 400, None),
        ("/livematch/look/fade?VALUE&GABBA", 400, None),
        ("/livematch/look/fede", 404, None),
        ("/livematch/look/fede?TYPE", 404, None),
        ("/livematch/look/fade#VALUE?RANGE", 200, ...),
        ("/livematch/preset/storm?ACCESS", 200, {"ACCESS": 2}),
        ("/%6civematch/preset/storm?ACCESS", 200, {"ACCESS": 2}),
        ("/livematch/preset/nobody", 404, None),
    ],
)
def test_attributes(target: str, status: int, found: object) -> None:
    got = get(target)
    assert got[0] == status
    assert found is ... or got[1] == found


def test_host_info_says_where_everything_is_wherever_it_is_asked() -> None:
    for target in ("/?HOST_INFO", "/livematch/look/fade?HOST_INFO", "/nowhere?HOST_INFO"):
        status, info = get(target)
        assert status == HTTPStatus.OK
        assert (info["OSC_IP"], info["OSC_PORT"], info["WS_PORT"]) == ("127.0.0.1", 7000, 9000)
        assert info["OSC_TRANSPORT"] == "UDP"
    everywhere = json.loads(answer("/?HOST_INFO", {}, Host(None, 7000, 9000)).body)
    assert "OSC_IP" not in everywhere


def test_what_is_promised_is_given_and_nothing_else() -> None:
    _, root = get("/")
    given = {name for leaf in leaves(root).values() for name in leaf} - {"FULL_PATH", "CONTENTS"}
    promised = {name for name, is_there in get("/?HOST_INFO")[1]["EXTENSIONS"].items() if is_there}
    assert given - {"TYPE"} == promised - {"LISTEN", "PATH_CHANGED"}


def test_values_follow_the_show() -> None:
    changed = answer("/livematch/look/fade?VALUE", {"/livematch/look/fade": 3.0}, HOST)
    assert json.loads(changed.body) == {"VALUE": [3.0]}


@given(st.text(max_size=300))
def test_no_target_does_more_than_be_refused(target: str) -> None:
    assert answer(target, VALUES, HOST, PRESETS).status in {200, 204, 400, 404}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"COMMAND":"LISTEN","DATA":"/livematch/look/fade"}', Listen("/livematch/look/fade")),
        ('{"COMMAND":"IGNORE","DATA":"/livematch/look/fade"}', Ignore("/livematch/look/fade")),
        ('{"COMMAND":"listen","DATA":"/livematch/status/bpm"}', Listen("/livematch/status/bpm")),
        ('{"COMMAND":"LISTEN","DATA":"/livematch/next"}', "nothing is told there"),
        ('{"COMMAND":"LISTEN","DATA":"/livematch"}', "nothing is told there"),
        ('{"COMMAND":"LISTEN","DATA":"/nowhere"}', "nothing is told there"),
        ('{"COMMAND":"QUIT","DATA":"/"}', "no such command"),
        ("{", "no JSON"),
        ("[" * 8000, "no JSON"),
    ],
)
def test_what_a_client_asks(text: str, expected: object) -> None:
    assert asked(text, PRESETS) == expected


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@given(json_like | st.fixed_dictionaries({"COMMAND": json_like, "DATA": json_like}))
def test_no_message_does_more_than_be_refused(message: object) -> None:
    assert isinstance(asked(json.dumps(message), PRESETS), str | Listen | Ignore)


def test_every_trigger_can_be_found() -> None:
    assert {f"/livematch/{trigger}" for trigger in Trigger} <= nodes().keys()


def test_every_lens_of_the_show_can_be_found() -> None:
    assert "/livematch/lens/use/sea" in nodes((), ("sea",))
    assert "/livematch/lens/use/sea" not in nodes()
    assert {"/livematch/lens/lens", "/livematch/lens/use"} <= nodes().keys()


def test_what_is_bound_to_loopback_is_announced_there_alone() -> None:
    found = services("livematch here", ("127.0.0.1", 7000), ("127.0.0.1", 9000))
    assert list(found) == [("127.0.0.1",)]
    ports = {info.type: info.port for info in found["127.0.0.1",]}
    assert ports == {OSC: 7000, QUERY: 9000}


def test_what_is_bound_to_all_addresses_is_never_announced_as_loopback() -> None:
    (where,) = services("livematch here", ("0.0.0.0", 7000), ("0.0.0.0", 9000))  # noqa: S104
    assert not any(address.startswith(("127.", "0.")) for address in where)

"""The TouchOSC layout, read back by a reader of its own: zlib and ElementTree, not the writer."""

import dataclasses
import itertools
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from livematch.cli.app import app
from livematch.control.commands import PICKS, Fire, Trigger
from livematch.control.params import TABLE, Params, changed, number
from livematch.control.spec import Spec
from livematch.errors import UsageError
from livematch.osc.space import Access, Ask, Hello, Sync, addresses, command_for
from livematch.osc.touch import pages
from livematch.osc.touch.layout import encoded, layout
from livematch.osc.touch.picture import picture, with_few_colours
from livematch.osc.touch.theme import text_width

PRESETS = ("vj", "hard-cuts", "slow_drift")
SPACE = {row.path: row for row in addresses(PRESETS)}
SIZES = ((1024, 768), (1366, 1024), (844, 390), (390, 844), (667, 375), (360, 640), (360, 360))

Rect = tuple[float, float, float, float]


@dataclass
class Osc:
    """One `<osc>` of a file."""

    path: str
    send: bool
    receive: bool
    connections: str
    triggers: list[tuple[str, str]]
    arguments: list[tuple[str, str, str, float, float]]


@dataclass
class Node:
    """One `<node>` of a file, in its place on the screen."""

    id: str
    type: str
    at: Rect
    parent: "Node | None"
    properties: dict[str, str]
    types: dict[str, str]
    values: dict[str, str]
    osc: list[Osc]
    local: list[ET.Element]
    children: list["Node"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.properties["name"]

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child.walk()


def said(element: ET.Element, name: str) -> str:
    found = element.find(name)
    assert found is not None, f"no <{name}> in <{element.tag}>"
    return found.text or ""


def read(data: bytes) -> Node:
    root = ET.fromstring(zlib.decompress(data))  # noqa: S314 - our own bytes
    assert root.tag == "lexml"
    assert root.get("version") == "3"
    (node,) = root
    return read_node(node, None)


def read_node(element: ET.Element, parent: Node | None) -> Node:
    rows = element.findall("properties/property")
    rect = next(row.find("value") for row in rows if said(row, "key") == "frame")
    assert rect is not None
    x, y, w, h = (float(said(rect, part)) for part in "xywh")
    px, py = (parent.at[0], parent.at[1]) if parent else (0.0, 0.0)
    node = Node(
        element.get("ID") or "",
        element.get("type") or "",
        (px + x, py + y, w, h),
        parent,
        {said(row, "key"): said(row, "value") for row in rows},
        {said(row, "key"): row.get("type") or "" for row in rows},
        {said(row, "key"): said(row, "default") for row in element.findall("values/value")},
        [read_osc(row) for row in element.findall("messages/osc")],
        element.findall("messages/local"),
    )
    node.children = [read_node(child, node) for child in element.findall("children/node")]
    return node


def read_osc(element: ET.Element) -> Osc:
    assert said(element, "enabled") == "1"
    assert said(element, "feedback") == "0"  # nothing that is told comes back
    path = element.findall("path/partial")
    assert all(said(part, "type") == "CONSTANT" for part in path)
    return Osc(
        "".join(said(part, "value") for part in path),
        said(element, "send") == "1",
        said(element, "receive") == "1",
        said(element, "connections"),
        [(said(t, "var"), said(t, "condition")) for t in element.findall("triggers/trigger")],
        [
            (
                said(a, "type"),
                said(a, "conversion"),
                said(a, "value"),
                float(said(a, "scaleMin")),
                float(said(a, "scaleMax")),
            )
            for a in element.findall("arguments/partial")
        ],
    )


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: "x".join(map(str, size)))
def sized(request: pytest.FixtureRequest) -> Node:
    return read(encoded(layout(PRESETS, request.param)))


@pytest.fixture(scope="module")
def tablet() -> Node:
    return read(encoded(layout(PRESETS)))


def messages(root: Node) -> list[tuple[Node, Osc]]:
    return [(node, osc) for node in root.walk() for osc in node.osc]


def arguments(osc: Osc) -> tuple[int | str, ...]:
    """The constants that a message sends."""
    return tuple(
        int(value) if conversion == "INTEGER" else value
        for kind, conversion, value, _, _ in osc.arguments
        if kind == "CONSTANT"
    )


# The file


def test_the_same_tables_give_the_same_bytes() -> None:
    assert encoded(layout(PRESETS)) == encoded(layout(PRESETS))


def test_the_file_is_of_the_kind_that_every_touchosc_reads() -> None:
    data = encoded(layout())
    text = zlib.decompress(data).decode()
    assert data[0] == 0x78
    assert text.startswith("<?xml version='1.0' encoding='UTF-8'?><lexml version='3'><node ID='")
    assert "<includes>" not in text  # came later
    assert "<noDuplicates>" not in text


def test_what_is_read_is_what_was_asked_for() -> None:
    document = layout(PRESETS)
    asked, found = list(document.walk()), list(read(encoded(document)).walk())
    for control, node in zip(asked, found, strict=True):
        assert node.id == control.id
        assert node.type == control.control_type.value
        assert set(node.properties) == set(control.properties)
        assert node.types == {key: prop.type.value for key, prop in control.properties.items()}
        assert node.name == control.get("name")
        assert len(node.osc) + len(node.local) == len(control.messages)
        assert set(node.values) == {value.key for value in control.values}


def test_the_writer_finds_nothing_amiss() -> None:
    for size in SIZES:
        assert layout(PRESETS, size).validate() == []


def test_every_node_has_an_id_of_its_own(sized: Node) -> None:
    ids = [node.id for node in sized.walk()]
    assert len(ids) == len(set(ids))
    assert all(str(uuid.UUID(one)) == one for one in ids)


def test_local_messages_reach_a_node_that_has_what_they_set(sized: Node) -> None:
    nodes = {node.id: node for node in sized.walk()}
    reached = [(row, nodes[said(row, "dstID")]) for n in sized.walk() for row in n.local]
    assert reached
    for row, node in reached:
        there = node.properties if said(row, "dstType") == "PROPERTY" else node.values
        assert said(row, "dstVar") in there


# Where things lie


def test_every_node_lies_in_its_parent(sized: Node) -> None:
    for node in sized.walk():
        if node.parent:
            x, y, w, h = node.at
            px, py, pw, ph = node.parent.at
            assert w > 0
            assert h > 0
            assert px <= x
            assert py <= y
            assert x + w <= px + pw, (node.name, node.parent.name)
            assert y + h <= py + ph, (node.name, node.parent.name)


def tabs(root: Node) -> list[Node]:
    (pager,) = root.children
    assert pager.type == "PAGER"
    assert all(page.type == "GROUP" for page in pager.children)
    return pager.children


def overlap(one: Rect, other: Rect) -> bool:
    (x, y, w, h), (u, v, s, t) = one, other
    return x < u + s and u < x + w and y < v + t and v < y + h


def of(page: Node, *types: str, touched: bool | None = None) -> list[Node]:
    wanted = None if touched is None else str(int(touched))
    return [
        node
        for node in page.walk()
        if node.type in types and wanted in {None, node.properties["interactive"]}
    ]


def test_nothing_that_is_touched_overlaps(sized: Node) -> None:
    for page in tabs(sized):
        for one, other in itertools.combinations(of(page, "BUTTON", "FADER"), 2):
            assert not overlap(one.at, other.at), (one.name, other.name)


def test_a_text_overlaps_no_other_and_nothing_but_its_own_button(sized: Node) -> None:
    for page in tabs(sized):
        texts = of(page, "LABEL", "TEXT")
        for one, other in itertools.combinations(texts, 2):
            if "hint" not in {one.name, other.name}:  # it lies behind what shows when armed
                assert not overlap(one.at, other.at), (one.values, other.values)
        for text, control in itertools.product(texts, of(page, "BUTTON", "FADER")):
            if overlap(text.at, control.at) and text.name != "hint":
                x, y, w, h = control.at
                assert control.type == "BUTTON"
                assert x <= text.at[0]
                assert y <= text.at[1]
                assert text.at[0] + text.at[2] <= x + w
                assert text.at[1] + text.at[3] <= y + h


def test_every_text_fits_its_place(sized: Node) -> None:
    for node in sized.walk():
        if node.type == "LABEL":
            size = int(node.properties["textSize"])
            wide = text_width(node.values["text"], size)
            assert wide <= node.at[2] + 1, (node.values["text"], node.at, size)
            assert size <= node.at[3]


def test_a_finger_hits_everything(sized: Node) -> None:
    for page in tabs(sized):
        for node in of(page, "BUTTON", "FADER", touched=True):
            assert min(node.at[2:]) >= 44, (page.name, node.name, node.at)


def test_a_finger_hits_each_tab(tablet: Node) -> None:
    (pager,) = tablet.children
    assert int(pager.properties["tabbarSize"]) >= 44
    assert pager.at[2] / len(pager.children) >= 44


def test_labels_let_touches_through(sized: Node) -> None:
    for node in sized.walk():
        if node.type in {"LABEL", "TEXT", "GROUP", "PAGER"}:
            assert node.type == "PAGER" or node.properties["interactive"] == "0"


def test_a_tablet_has_the_six_pages(tablet: Node) -> None:
    names = [page.properties["tabLabel"] for page in tabs(tablet)]
    assert names == ["Play", "Look", "Lens", "Sound", "Presets", "Status"]


def test_a_phone_has_all_that_a_tablet_has(sized: Node, tablet: Node) -> None:
    def what(root: Node) -> list[tuple[str, tuple[int | str, ...], bool]]:
        return sorted((osc.path, arguments(osc), osc.send) for _, osc in messages(root))

    assert what(sized) == what(tablet)


# What is said and heard


def test_every_address_is_in_the_address_space(sized: Node) -> None:
    for node, osc in messages(sized):
        row = SPACE[osc.path]
        assert osc.connections == "11111"
        assert not (osc.send and row.access is Access.OUT), node.name
        assert not (osc.receive and row.access is Access.IN), node.name
        assert osc.send == bool(osc.triggers)
        for kind, _, value, _, _ in osc.arguments:
            if kind == "VALUE":
                assert value in node.values


def test_all_that_is_sent_is_understood(tablet: Node) -> None:
    """What the buttons send, through the receiver's own eyes."""
    for _, osc in messages(tablet):
        if osc.send and all(kind == "CONSTANT" for kind, *_ in osc.arguments):
            known = (*PRESETS, "slot-1", "slot-2", "slot-3", "slot-4")
            assert command_for(SPACE[osc.path], arguments(osc), 0.0, known) is not None


def controls_of(root: Node, spec: Spec) -> list[tuple[Node, Osc]]:
    paths = {spec.address, f"{spec.address}/position"}
    return [(node, osc) for node, osc in messages(root) if osc.path in paths]


@pytest.mark.parametrize("spec", TABLE.values(), ids=TABLE)
def test_every_parameter_is_there_and_talks_both_ways(tablet: Node, spec: Spec) -> None:
    found = controls_of(tablet, spec)
    moved = [(n, osc) for n, osc in found if osc.send and osc.receive]
    match spec.kind:
        case "number":
            ((node, osc),) = moved
            assert node.type == "FADER"
            assert osc.path == spec.address
            assert osc.arguments == [("VALUE", "FLOAT", "x", spec.low, spec.high)]
            assert spec.at(float(node.values["x"])) == pytest.approx(spec.default)
        case "switch":
            ((node, osc),) = moved
            assert node.type == "BUTTON"
            assert node.properties["buttonType"] == "2"  # stays, from the touch on
            assert osc.path == spec.address
            assert osc.arguments == [("VALUE", "INTEGER", "x", 0, 1)]
            assert float(node.values["x"]) == float(spec.default)
        case "choice" if len(spec.choices) <= 8:
            assert [arguments(osc) for _, osc in found] == [(word,) for word in spec.choices]
            rows = {node.parent.id for node, _ in found if node.parent}
            assert len(rows) == 1
            assert found[0][0].parent
            assert found[0][0].parent.name == spec.address  # by which the script finds it
            lit = [node.name for node, _ in found if float(node.values["x"])]
            assert lit == [spec.default]
        case "choice":
            ((node, osc),) = moved
            assert osc.path == f"{spec.address}/position"
            assert osc.arguments == [("VALUE", "FLOAT", "x", 0, 1)]
            assert spec.at(float(node.values["x"])) == spec.default
            assert any(n.type == "LABEL" and osc.path == spec.address for n, osc in found)
        case _:
            assert any(n.type == "LABEL" and osc.receive for n, osc in found)
            assert ("",) in [arguments(osc) for _, osc in found]


@pytest.mark.parametrize("trigger", [t for t in Trigger if t is not Trigger.QUIT])
def test_every_trigger_is_there(tablet: Node, trigger: Trigger) -> None:
    path = f"/livematch/{trigger}"
    sent = [osc for _, osc in messages(tablet) if osc.path == path]
    assert sent
    for osc in sent:
        assert command_for(SPACE[path], arguments(osc), 0.0) == Fire(trigger)
        assert osc.triggers == [("x", "RISE")]


def test_nothing_ends_the_show(tablet: Node) -> None:
    assert "/livematch/quit" not in {osc.path for _, osc in messages(tablet)}


def test_all_that_is_told_is_shown(tablet: Node) -> None:
    told = {row.path for row in SPACE.values() if row.access is Access.OUT}
    assert told <= {osc.path for _, osc in messages(tablet) if osc.receive}


def test_each_pad_picks_what_it_is_labelled_with(tablet: Node) -> None:
    for n in range(1, PICKS + 1):
        ((pad, _),) = [x for x in messages(tablet) if x[1].path == f"/livematch/pick/{n}"]
        told = f"/livematch/status/candidate/{n}"
        ((label, _),) = [x for x in messages(tablet) if x[1].path == told]
        assert label.parent is pad.parent
        assert overlap(label.at, pad.at)


def test_connect_says_hello_with_the_port_that_the_tablet_listens_at() -> None:
    root = read(encoded(layout(reply_port=9123)))
    ((_, osc),) = [x for x in messages(root) if x[1].path == "/livematch/hello"]
    assert command_for(SPACE[osc.path], arguments(osc), 0.0) == Hello(9123)
    ((_, sync),) = [x for x in messages(root) if x[1].path == "/livematch/sync"]
    assert command_for(SPACE[sync.path], arguments(sync), 0.0) == Sync()
    assert "9123" in root.properties["script"]


def test_a_step_is_followed_by_the_question_what_has_become_of_it(tablet: Node) -> None:
    spec = TABLE["max_hold"]
    sent = [(osc.triggers, arguments(osc)) for _, osc in controls_of(tablet, spec)]
    assert ([("x", "RISE")], ("+",)) in sent
    assert ([("x", "FALL")], ("?",)) in sent
    assert command_for(SPACE[spec.address], ("?",), 0.0) == Ask(spec.address)


def test_panic_shows_only_when_armed_and_is_hidden_again(tablet: Node) -> None:
    nodes = {node.id: node for node in tablet.walk()}
    ((fire, _),) = [x for x in messages(tablet) if x[1].path == "/livematch/panic"]
    assert fire.properties["visible"] == "0"
    (off,) = fire.local
    guard = nodes[said(off, "dstID")]
    assert (said(off, "type"), said(off, "value")) == ("CONSTANT", "0")
    assert guard.properties["buttonType"] == "2"
    assert not guard.osc
    assert fire.id in {said(row, "dstID") for row in guard.local}


def test_each_preset_has_a_button(tablet: Node) -> None:
    for name in PRESETS:
        ((node, _),) = [x for x in messages(tablet) if x[1].path == f"/livematch/preset/{name}"]
        assert node.name == name
        assert node.parent
        assert node.parent.name == "/livematch/status/preset"


def test_many_presets_go_on_on_further_sheets() -> None:
    many = tuple(f"preset-{n:03}" for n in range(120))
    root = read(encoded(layout(many)))
    sent = {osc.path for _, osc in messages(root)}
    assert {f"/livematch/preset/{name}" for name in many} <= sent
    labels = [page.properties["tabLabel"] for page in tabs(root)]
    assert labels[:7] == ["Play", "Look", "Lens", "Sound", "Presets", "2", "3"]


@pytest.mark.parametrize("group", ["look", "sound", "weather"])
def test_a_new_parameter_finds_its_place(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = number(group, 0.5, 0, 3, 0.1, "something new", "s")
    new = Spec(name="novelty", default=0.5, **made.metadata)
    monkeypatch.setitem(pages.TABLE, "novelty", new)
    root = read(encoded(layout()))
    found = {
        page.name
        for page in tabs(root)
        if any(osc.path == new.address for _, osc in messages(page))
    }
    assert found == {{"sound": "Sound"}.get(group, "Look")}


def test_sizes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="allowed: 360 to 4096"):
        layout(size=(100, 768))


def test_a_choice_can_be_made_by_what_its_buttons_are_called(tablet: Node) -> None:
    for spec in TABLE.values():
        if spec.kind == "choice" and len(spec.choices) <= 6:
            for node, osc in controls_of(tablet, spec):
                (word,) = arguments(osc)
                assert word == node.name
                assert getattr(changed(Params(), spec.name, word), spec.name) == word


# The picture and the command


def test_the_picture_shows_what_is_in_the_nodes() -> None:
    drawn = picture(layout(PRESETS), 820)
    assert drawn.width == 820
    document = layout(PRESETS)
    for control in document.walk():
        if control.control_type.value == "FADER":
            control.values[0].default = 1.0
    assert picture(document, 820).tobytes() != drawn.tobytes()


def test_a_palette_keeps_the_colours_of_plain_areas() -> None:
    drawn = picture(layout(PRESETS), 820)
    kept = with_few_colours(drawn).convert("RGB")
    commonest = sorted(drawn.getcolors(1 << 24) or [], reverse=True)[:30]
    for _, colour in commonest:
        there = np.all(np.asarray(drawn) == colour, axis=-1)
        off = np.abs(np.asarray(kept)[there].astype(int) - np.asarray(colour))
        assert off.max() <= 2


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["touchosc", *args])
    if isinstance(result.exception, UsageError):
        return 2, str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_the_command_writes_layout_and_picture(tmp_path: Path) -> None:
    out, shown = tmp_path / "stage.tosc", tmp_path / "stage.png"
    code, _ = run(str(out), "--size", "844x390", "--picture", str(shown))
    assert code == 0
    assert read(out.read_bytes()).at == (0, 0, 844, 390)
    with Image.open(shown) as image:
        assert image.format == "PNG"
    assert shown.stat().st_size < 300_000
    assert sorted(tmp_path.iterdir()) == sorted([out, shown])


def test_the_command_knows_the_presets_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "presets"
    own.mkdir()
    (own / "mine.toml").write_text("[set]\nfade = 2.0\n")
    (own / "slot-1.toml").write_text("[set]\nfade = 3.0\n")
    (own / "broken.toml").write_text("[set]\nfade = 'long'\n")
    monkeypatch.setenv("LIVEMATCH_PRESETS", str(own))
    code, output = run(str(tmp_path / "stage.tosc"))
    assert code == 0
    assert "left out: " in output
    assert "broken.toml" in output
    sent = {osc.path for _, osc in messages(read((tmp_path / "stage.tosc").read_bytes()))}
    assert {"/livematch/preset/mine", "/livematch/preset/vj"} <= sent
    assert not {"/livematch/preset/broken", "/livematch/preset/slot-1"} & sent


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("there/is/no/such.tosc",), "cannot be written"),
        (("a.xml",), "end it in .tosc"),
        (("a.tosc", "--size", "big"), "--size cannot be 'big'"),
        (("a.tosc", "--size", "10x10"), "allowed: 360 to 4096"),
        (("a.tosc", "--picture", "a.gif"), "end it in .png"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    args: tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = run(*args)
    assert code == 2
    assert why in output
    assert "\n" not in output
    assert not list(tmp_path.iterdir())


def test_a_layout_that_cannot_be_written_leaves_the_former(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "stage.tosc"
    out.write_bytes(b"former")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, output = run(str(out))
    assert (code, out.read_bytes()) == (2, b"former")
    assert "No space left on device" in output
    assert [path.name for path in tmp_path.iterdir()] == ["stage.tosc"]


def test_there_is_no_field_of_params_without_a_row() -> None:
    assert {row.name for row in dataclasses.fields(Params)} == set(TABLE)

"""The page to browse, as somebody at a browser finds it, and as somebody elsewhere does."""

import http.client
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

import cv2
import numpy as np
import pytest
from archive_kit import LAYOUT, MODEL, film, make
from films import X264, Recipe, write

from livematch.archive.records import Mark
from livematch.archive.store import Archive
from livematch.control.params import Params
from livematch.errors import ArchiveError, UsageError
from livematch.grid.browse import Browser
from livematch.grid.holdings import Library


@dataclass
class Visitor:
    """Somebody with a browser: follows redirects, sends forms."""

    browser: Browser

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self._ask(urllib.request.Request(self._at(path), headers=headers))  # noqa: S310

    def post(self, path: str, fields: dict[str, str], **headers: str) -> tuple[int, str]:
        form = urllib.parse.urlencode(fields).encode()
        return self._ask(urllib.request.Request(self._at(path), form, headers))  # noqa: S310

    def act(self, row: int, action: str, tag: str = "") -> tuple[int, str]:
        """Fill in the form that the moment's page has, as a browser would."""
        _, page = self.get(f"/moment/{row}")
        token = re.findall(r'name="token" value="([^"]+)"', page)[0]
        return self.post(f"/moment/{row}", {"token": token, "action": action, "tag": tag})

    def _at(self, path: str) -> str:
        return self.browser.address.rstrip("/") + path

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own
                return answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode("utf-8", "replace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three films of four shots; the third has a name made to do harm."""
    folder = make(tmp_path / "archive", 1, 2)
    evil = film(3)
    named = replace(evil.film, path=Path('/films/<script>alert("x")</script>&.mp4'))
    with Archive.open(folder, writable=True) as archive:
        archive.add_film(replace(evil, film=named))
    return folder


@pytest.fixture
def visitor(folder: Path) -> Iterator[Visitor]:
    with closing(Browser(folder, Params())) as browser:
        thread = threading.Thread(target=browser.serve, name="livematch-browse")
        thread.start()
        try:
            yield Visitor(browser)
        finally:
            browser.end()
            thread.join(20)


def marks(folder: Path) -> set[Mark]:
    return set(Archive.open(folder).marks)


def moments(page: str) -> list[int]:
    return [int(row) for row in re.findall(r'href="/moment/(\d+)', page)]


def test_groups_then_a_moment_then_what_is_like_it(visitor: Visitor) -> None:
    status, page = visitor.get("/")
    assert status == 200
    assert "12 shots in" in page
    row = moments(page)[0]
    status, page = visitor.get(f"/moment/{row}")
    assert status == 200
    assert "Like it" in page
    near = moments(page.partition("Like it")[2])
    assert len(near) == 11  # one a shot, and not its own
    assert row not in near
    assert re.search(r"semantic -?\d\.\d\d", page)
    assert visitor.get(f"/moment/{near[0]}")[0] == 200
    groups = re.findall(r'href="/group/(\w+)"', visitor.get("/")[1])
    for group in groups:
        assert visitor.get(f"/group/{group}")[0] == 200


def test_weights_are_turned(visitor: Visitor) -> None:
    def order(query: str) -> list[int]:
        status, page = visitor.get(f"/moment/5{query}")
        assert status == 200
        return moments(page.partition("Like it")[2])

    usual = order("")
    assert order("?semantic=1&layout=0.3&colour=0.25&motion=0.15&face=0&tag=") == usual
    turned = order("?semantic=0&layout=0&colour=1")
    assert turned != usual
    _, page = visitor.get("/moment/5?colour=1")
    assert f"/moment/{moments(page)[-1]}?colour=1" in page  # links carry it on


def test_a_tag_is_given_seen_and_taken(visitor: Visitor, folder: Path) -> None:
    status, page = visitor.act(4, "tag", " Sea ")
    assert status == 200
    assert "take sea off" in page
    assert marks(folder) == {Mark("film-0001", 3.0, "sea")}
    assert "#sea 1" in visitor.get("/")[1]
    assert 4 // 3 * 3 in moments(visitor.get("/tagged/sea")[1])
    _, page = visitor.get("/moment/0?tag=sea")
    assert len(moments(page.partition("Like it")[2])) == 1
    visitor.act(4, "untag", "sea")
    assert marks(folder) == set()
    assert "#sea" not in visitor.get("/")[1]


def test_a_shot_is_banned_and_offered_again(visitor: Visitor, folder: Path) -> None:
    _, before = visitor.get("/moment/0")
    banned = moments(before.partition("Like it")[2])[0]
    status, page = visitor.act(banned, "ban")
    assert status == 200
    assert "Banned: a show never brings it in." in page
    assert len(marks(folder)) == 1
    assert "Banned 1" in page
    assert len(moments(visitor.get("/banned")[1])) == 1
    assert banned not in moments(visitor.get("/moment/0")[1].partition("Like it")[2])
    visitor.act(banned, "unban")
    assert marks(folder) == set()
    assert banned in moments(visitor.get("/moment/0")[1].partition("Like it")[2])


def test_what_the_whole_film_has_is_told_apart(visitor: Visitor, folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.mark([Mark("film-0001", None, "sea"), Mark("film-0002", None)])
    _, page = visitor.get("/moment/0")  # written by somebody else, and seen
    assert "sea, the whole film" in page
    assert "The whole film is banned" in visitor.get("/moment/12")[1]


def test_films_that_come_are_seen(visitor: Visitor, folder: Path) -> None:
    with Archive.open(folder, writable=True) as archive:
        archive.add_film(film(4))
    assert "16 shots in" in visitor.get("/")[1]


def test_while_somebody_else_writes_nothing_is_changed(visitor: Visitor, folder: Path) -> None:
    with Archive.open(folder, writable=True):
        status, page = visitor.act(0, "ban")
        assert status == HTTPStatus.CONFLICT
        assert "Nothing was changed" in page
        assert 'href="/moment/0"' in page
        assert visitor.get("/moment/0")[0] == 200
    assert marks(folder) == set()


def test_a_picture_is_the_archives_own(visitor: Visitor, folder: Path) -> None:
    url = f"{visitor.browser.address}still/0.jpg"
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310
        assert answer.headers["Content-Type"] == "image/jpeg"
        image = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (12, 16, 3)
    (folder / "thumbs" / "film-0002" / "0.jpg").unlink()
    assert visitor.get("/still/12.jpg")[0] == 404


def test_nothing_outside_of_the_archive_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.mp4"
    write(outside, Recipe(options=X264, scenes=((1, 60),)))
    folder = tmp_path / "archive"
    for kind in ("proxy", "link"):
        with Archive.create(folder / kind, MODEL, LAYOUT) as archive:
            proxy = archive.proxies / "1.mov"
            if kind == "proxy":
                proxy.write_bytes(outside.read_bytes())
            else:
                proxy.symlink_to(outside)
            archive.add_film(film(1, folder=tmp_path, proxy="proxies/1.mov"))
    seen = {}
    for kind in ("proxy", "link"):
        data = Library(folder / kind, Params()).still(0)
        assert data is not None
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        seen[kind] = image.shape[:2]
    assert seen == {"proxy": (270, 480), "link": (12, 16)}


@pytest.mark.parametrize(
    "path",
    [
        "/moment/9999",
        "/moment/x",
        "/moment/-1",
        "/moment/",
        "/moment/0/1",
        "/moment/999999999999999999999999",
        "/group/99",
        "/group/x",
        "/still/9999.jpg",
        "/still/../archive.db",
        "/still/%2e%2e%2farchive.db",
        "/../../../../etc/passwd",
        "/tagged/-x",
        "/tagged/..",
        "/nowhere",
    ],
)
def test_what_is_not_there(visitor: Visitor, path: str) -> None:
    status, page = visitor.get(path)
    assert status == 404
    assert "That did not work" in page


@pytest.mark.parametrize("query", ["colour=2", "colour=nan", "colour=x", "tag=" + "x" * 999])
def test_weights_that_cannot_be(visitor: Visitor, query: str) -> None:
    assert visitor.get(f"/moment/0?{query}")[0] == 400


def test_a_get_changes_nothing(visitor: Visitor, folder: Path) -> None:
    token = visitor.browser.token
    visitor.get(f"/moment/0?token={token}&action=ban")
    assert marks(folder) == set()


@pytest.mark.parametrize("token", ["", "x", "é"])
def test_a_wrong_token_is_refused(visitor: Visitor, folder: Path, token: str) -> None:
    status, _ = visitor.post("/moment/0", {"token": token, "action": "ban"})
    assert status == 403
    assert marks(folder) == set()


@pytest.mark.parametrize(
    "fields", [{"action": "tag", "tag": "-x"}, {"action": "tag"}, {"action": "x"}, {}]
)
def test_a_form_without_sense(visitor: Visitor, folder: Path, fields: dict[str, str]) -> None:
    status, _ = visitor.post("/moment/0", {"token": visitor.browser.token, **fields})
    assert status == 400
    assert marks(folder) == set()


def test_an_unknown_moment_cannot_be_banned(visitor: Visitor, folder: Path) -> None:
    status, _ = visitor.post("/moment/999", {"token": visitor.browser.token, "action": "ban"})
    assert status == 404
    assert visitor.post("/", {"token": visitor.browser.token, "action": "ban"})[0] == 404
    assert marks(folder) == set()


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.nip.io:80", ""]
)
def test_another_host_is_refused(visitor: Visitor, folder: Path, host: str) -> None:
    status, page = visitor.get("/moment/0", Host=host)
    assert status == 421
    assert visitor.browser.token not in page
    fields = {"token": visitor.browser.token, "action": "ban"}
    assert visitor.post("/moment/0", fields, Host=host)[0] == 421
    assert marks(folder) == set()


def test_by_the_name_of_this_machine(visitor: Visitor) -> None:
    assert visitor.get("/", Host=f"localhost:{visitor.browser.port}")[0] == 200


def test_another_sites_form_is_refused(visitor: Visitor, folder: Path) -> None:
    fields = {"token": visitor.browser.token, "action": "ban"}
    assert visitor.post("/moment/0", fields, Origin="http://evil.example")[0] == 403
    assert visitor.post("/moment/0", fields, Origin="null")[0] == 403
    text = {"Content-Type": "text/plain"}
    assert visitor.post("/moment/0", fields, **text)[0] == 415
    assert marks(folder) == set()
    ours = f"http://127.0.0.1:{visitor.browser.port}"
    assert visitor.post("/moment/0", fields, Origin=ours)[0] == 200


def test_a_form_that_is_too_long_is_not_read(visitor: Visitor) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", visitor.browser.port, timeout=20)
    connection.putrequest("POST", "/moment/0")
    connection.putheader("Content-Type", "application/x-www-form-urlencoded")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    connection.putrequest("POST", "/moment/0")
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()
    many = urllib.parse.urlencode([(f"f{n}", "x") for n in range(40)])
    assert visitor.post("/moment/0", dict(urllib.parse.parse_qsl(many)))[0] == 400


def test_other_methods(visitor: Visitor) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", visitor.browser.port, timeout=20)
    connection.request("HEAD", "/")
    head = connection.getresponse()
    assert (head.status, head.read()) == (200, b"")
    connection.request("DELETE", "/moment/0")
    assert connection.getresponse().status == 501
    connection.close()


def test_every_page_is_shut_to_what_is_not_ours(visitor: Visitor) -> None:
    for path in ("/", "/moment/24", "/banned", "/nowhere", "/still/0.jpg"):
        try:
            answer = urllib.request.urlopen(visitor.browser.address.rstrip("/") + path, timeout=20)  # noqa: S310
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"


def test_names_do_no_harm(visitor: Visitor) -> None:
    for path in ("/", "/group/1", "/group/alone", "/moment/24", "/moment/0"):
        page = visitor.get(path)[1]
        assert "<script" not in page
        assert "alert(" not in page or "&lt;script&gt;alert(" in page
    page = visitor.get("/moment/0?tag=%22%3E%3Cevil%3E")[1]
    assert "<evil" not in page
    assert "&quot;&gt;&lt;evil&gt;" in page


def test_only_this_machine_is_listened_to(visitor: Visitor) -> None:
    assert visitor.browser.address.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken(visitor: Visitor, folder: Path) -> None:
    with pytest.raises(UsageError, match="--port 0 takes any"):
        Browser(folder, Params(), port=visitor.browser.port)


def test_no_archive(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError):
        Browser(tmp_path / "none", Params())


def test_an_empty_archive_is_a_page_too(tmp_path: Path) -> None:
    with closing(Browser(make(tmp_path / "empty"), Params())) as browser:
        thread = threading.Thread(target=browser.serve)
        thread.start()
        assert "0 shots" in Visitor(browser).get("/")[1]
        browser.end()
        thread.join(20)

"""A newsroom that has only web pages: a front page with a Populer and an UPDATE list, and article pages."""

from bot.config import Newsroom
from tests.delivery.steps import follow, shown
from tests.wire import EDITOR, OLIVER, SARI, Kabar, Press, newsroom


class Site:
    """Pages of a made-up news site, as its visitors see them, served by the fake Press."""

    def __init__(self, press: Press) -> None:
        self.popular = ["1001-satu", "1002-dua", "1003-tiga"]
        self.updates: list[str] = []
        self.advertising = ""
        press.raw["depan"] = (200, b"", "text/html")
        self._press = press
        self.show()

    def show(self) -> None:
        def rows(names: list[str]) -> str:
            return "".join(f'<li><h4><a href="/news/{name}.xml">Judul {name}</a></h4></li>' for name in names)

        lists = [self.advertising + rows(names) for names in (self.popular, self.updates)]
        page = "<ol class=populer>{}</ol><ul class=update>{}</ul>".format(*lists)
        self._press.raw["depan"] = (200, page.encode(), "text/html")
        for name in (*self.popular, *self.updates):
            self._press.raw[name] = (200, self._article(name).encode(), "text/html")

    def _article(self, name: str) -> str:
        return (
            f'<html><head><meta property="article:section" content="Dunia"></head><body><h1>Judul {name}</h1>'
            f"<article><p>KOTA LAMA - Inilah lede dari {name}, yang ditulis redaksi.</p><p>Paragraf kedua berita ini."
            "</p></article></body></html>"
        )


def site_newsroom(url: str) -> Newsroom:
    lists = [("populer", {"list": "popular"}), ("update", {"update": True})]
    sources = [
        {
            "id": name,
            "kind": "page",
            "url": f"{url}/news/depan.xml",
            "every": "1s",
            "select": {"item": f".{name} li", "title": "h4 a", "link": "h4 a"},
            **more,
        }
        for name, more in lists
    ]
    return newsroom(url, sources=sources)


async def test_its_readers_have_sections_popular_latest_and_updates(kabar: Kabar) -> None:
    site = Site(kabar.press)
    site.updates = ["2001-lama"]
    site.show()
    async with kabar.running(newsroom=site_newsroom(kabar.url)):
        await follow(kabar, SARI, target="update")
        await follow(kabar, OLIVER, target="section:dunia")
        await kabar.primed()
        popular = (await kabar.ask(SARI, "/populer"))["text"]
        assert popular.index("1001") < popular.index("1002") < popular.index("1003")

        site.updates = ["2002-baru", *site.updates]
        site.popular.reverse()
        site.show()
        for reader in (SARI, OLIVER):  # its section is on the article's page
            alert = await kabar.world.wait_for(reader, "Judul 2002-baru")
            lede = (
                "Inilah lede dari 2002-baru, yang ditulis redaksi."  # of its page, which the alert waits for a little
            )
            await kabar.until(lambda lede=lede, alert=alert: lede in shown(kabar, alert))  # type: ignore[misc]  # its own
            assert "Dikoreksi" not in shown(kabar, alert)
        await kabar.polled()
        popular = (await kabar.ask(SARI, "/populer"))["text"]
        assert popular.index("1003") < popular.index("1001")
        assert "2002-baru" in (await kabar.ask(SARI, "/terbaru"))["text"]
        assert "1001-satu" in (await kabar.ask(SARI, "/terbaru Dunia"))["text"]
    assert not any("2001-lama" in str(each.get("text")) for each in kabar.world.from_bot(OLIVER))


async def test_advertising_in_its_lists_is_no_story_and_an_admin_sees_where_it_leads(kabar: Kabar) -> None:
    site = Site(kabar.press)
    async with kabar.running(newsroom=site_newsroom(kabar.url)):
        await follow(kabar, SARI, target="update")
        await kabar.primed()
        site.advertising = '<li><h4><a href="https://iklan.example/promo">Promo akhir tahun</a></h4></li>'
        site.updates = ["2002-baru"]
        site.show()
        await kabar.world.wait_for(SARI, "Judul 2002-baru")
        for place in ("/populer", "/terbaru"):
            assert "Promo" not in (await kabar.ask(SARI, place))["text"]
        await kabar.polled()
        assert "❗ 1 dari 2 entri menuju situs lain dan diabaikan: iklan.example" in (
            await kabar.ask(EDITOR, "/sumber", "Sumber berita")
        )["text"]  # fmt: skip
        site.advertising, site.updates = "", ["2003-kemudian", "2002-baru"]
        site.show()
        await kabar.world.wait_for(SARI, "Judul 2003-kemudian")
    assert not any("Promo" in str(each.get("text")) for each in kabar.world.from_bot(SARI))

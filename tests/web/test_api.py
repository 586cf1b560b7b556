"""The story API, as a newsroom's CMS uses it."""

from datetime import datetime
from io import BytesIO
from urllib.parse import quote

import pytest
from yarl import URL

from bot.stories.telling import recognise
from tests.databases import on_sqlite
from tests.delivery.steps import follow, shown
from tests.web.cms import STORY, cms
from tests.wire import OLIVER, SARI, Kabar

PAST = "2026-02-22T09:40:00+07:00"


async def test_a_published_story_is_pushed_once_and_a_second_time_changes_nothing(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await follow(kabar, SARI)
        assert await newsroom.publish() == (201, {"id": "artikel-7", "state": "new"})
        message = await kabar.world.wait_for(SARI, "Banjir surut")
        assert await newsroom.publish() == (200, {"id": "artikel-7", "state": "same"})
        status, story = await newsroom.call("GET", "/api/stories/artikel-7")
        while story["pushes"][0]["state"] != "finished":
            status, story = await newsroom.call("GET", "/api/stories/artikel-7")
    assert message["reply_markup"]["inline_keyboard"][0][0]["url"] == STORY["url"]
    assert (status, story["section"], story["revision"]) == (200, "dunia", 1)
    assert [(push["kind"], push["sent"]) for push in story["pushes"]] == [("section", 1)]
    assert len(kabar.world.from_bot(SARI)) == 1


async def test_a_correction_reaches_the_copies_at_once_and_a_retraction_takes_them_away(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await follow(kabar, SARI)
        await newsroom.publish()
        message = await kabar.world.wait_for(SARI, "Banjir surut")
        assert (await newsroom.publish(title="Banjir surut di empat desa"))[1]["state"] == "corrected"
        await kabar.until(lambda: "empat desa" in shown(kabar, message))
        assert "Dikoreksi" in shown(kabar, message)
        assert (await newsroom.call("DELETE", "/api/stories/artikel-7"))[0] == 202
        await kabar.until(lambda: "telah menarik berita ini" in shown(kabar, message))
        assert "empat desa" not in shown(kabar, message)
        assert (await newsroom.call("DELETE", "/api/stories/artikel-7"))[0] == 202
        status, story = await newsroom.call("GET", "/api/stories/artikel-7")
    assert (status, story["state"]) == (200, "retracted")


async def test_a_withdrawn_story_comes_back_only_when_the_cms_says_so(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await newsroom.publish()
        await newsroom.call("DELETE", "/api/stories/artikel-7")
        status, refused = await newsroom.publish()
        assert (status, refused["field"]) == (409, "restore")
        assert (await newsroom.call("GET", "/api/stories/artikel-7"))[1]["state"] == "retracted"
        assert (await newsroom.publish(restore=True))[0] == 200
        assert (await newsroom.call("GET", "/api/stories/artikel-7"))[1]["state"] == "live"
        assert (await newsroom.publish())[0] == 200


async def test_a_story_of_the_api_that_a_feed_brings_too_is_one_story(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await follow(kabar, SARI, OLIVER)
        await kabar.primed()
        kabar.press.publish("dunia", 10007, "Banjir surut di tiga desa")
        await kabar.world.wait_for(SARI, "Banjir surut")
        url = f"{kabar.url}/news/read/10007/banjir"
        assert (await newsroom.publish(url=url, title="Banjir surut di lima desa"))[1]["state"] == "corrected"
        await kabar.until(lambda: any("lima desa" in str(copy.get("text")) for copy in kabar.world.from_bot(SARI)))
        await kabar.polled()  # the feed still has the old title, but no longer decides
        await kabar.polled()
        assert (await newsroom.publish(url=url, title="Banjir surut di lima desa"))[1]["state"] == "same"
    assert len(kabar.world.from_bot(SARI)) == 1


async def test_an_update_goes_to_all_who_follow_update_and_an_old_story_to_nobody(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await follow(kabar, SARI, target="update")
        assert (await newsroom.publish(id="lama", url="https://news.example/lama", title="Yang lama", update=True,
            published_at="2020-01-01T08:00:00+07:00"))[0] == 201  # fmt: skip
        assert (await newsroom.publish(update=True))[0] == 201
        await kabar.world.wait_for(SARI, "Banjir surut")
    assert len(kabar.world.from_bot(SARI)) == 1


async def test_it_is_shown_why_a_story_was_not_pushed_and_of_which_it_is_a_copy(kabar: Kabar) -> None:
    other = {"id": "artikel-8", "url": "https://lain.example/8/banjir-surut"}
    stories = {
        "artikel-7": {},
        "artikel-8": other,
        "tanpa-rubrik": {"section": "", "url": "https://news.example/tanpa"},
        "lama": {"published_at": PAST, "url": "https://news.example/lama"},
    }
    async with cms(kabar) as newsroom:
        for name, fields in stories.items():
            await newsroom.publish(**{"id": name, **fields})
        assert kabar.process is not None
        async with kabar.process.database.write() as session:  # as earlier versions could leave it
            original, copy = [await recognise.find(session, name) for name in ("artikel-7", "artikel-8")]
            assert original is not None and copy is not None
            copy.copy_of, copy.verdict = original.id, "copy"
        shown = {name: (await newsroom.call("GET", f"/api/stories/{name}"))[1] for name in stories}
    assert {name: (story["verdict"], story["copy_of"]) for name, story in shown.items()} == {
        "artikel-7": ("pushed", ""),
        "artikel-8": ("copy", STORY["url"]),
        "tanpa-rubrik": ("no_section", ""),
        "lama": ("too_old", ""),
    }


async def test_without_a_summary_the_first_sentences_of_the_body_are_one(kabar: Kabar) -> None:
    body = "<p>TANAH MERAH — Air setinggi lutut telah surut. Listrik menyala.</p><p>Baca juga: Hujan lagi</p>"
    async with cms(kabar) as newsroom:
        await newsroom.publish(summary="", body_html=body)
        _, story = await newsroom.call("GET", "/api/stories/artikel-7")
    assert story["summary"] == "Air setinggi lutut telah surut. Listrik menyala."


async def test_two_ids_are_two_stories_whatever_their_addresses_share(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await newsroom.publish(url="https://news.example/artikel/10001/banjir")
        video = {"id": "video-1", "url": "https://news.example/video/10001/pelantikan", "title": "Pelantikan bupati"}
        assert await newsroom.publish(**video) == (201, {"id": "video-1", "state": "new"})
        assert (await newsroom.call("DELETE", "/api/stories/video-1"))[0] == 202
        _, first = await newsroom.call("GET", "/api/stories/artikel-7")
    assert (first["title"], first["state"]) == (STORY["title"], "live")


async def test_emptied_fields_and_a_new_section_are_corrections(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await newsroom.publish(image_url="https://news.example/banjir.jpg", image_caption="Jembatan yang putus")
        less = {"summary": "", "author": "", "image_url": "", "section": "politik", "published_at": PAST}
        for state in ("corrected", "same"):
            assert (await newsroom.publish(**less))[1]["state"] == state
        _, story = await newsroom.call("GET", "/api/stories/artikel-7")
    assert [story[name] for name in ("summary", "author", "image_url", "image_caption")] == [""] * 4
    assert (story["section"], datetime.fromisoformat(story["published_at"])) == (
        "politik",
        datetime.fromisoformat(PAST),
    )


async def test_the_cms_corrects_as_often_as_it_likes(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        await follow(kabar, SARI)
        await newsroom.publish()
        message = await kabar.world.wait_for(SARI, "Banjir surut")
        for number in (*range(22), 0, 1, 0, 1, 0):
            assert (await newsroom.publish(title=f"Banjir surut di {number} desa"))[1]["state"] == "corrected"
        await kabar.until(lambda: "surut di 0 desa" in shown(kabar, message))


@pytest.mark.parametrize("name", ["{8f14e45f-ceea}", "a b?c#d", "berita/../x".replace("/", "%2F")])
async def test_an_id_is_whatever_the_cms_calls_it(kabar: Kabar, name: str) -> None:
    async with cms(kabar) as newsroom:
        assert (await newsroom.publish(id=name))[0] == 201
        path = URL(f"{newsroom.url}/api/stories/{quote(name, safe='')}", encoded=True)
        assert (await newsroom.call("GET", path))[0] == 200
        assert (await newsroom.call("DELETE", path))[0] == 202


async def test_wrong_tokens_are_refused_and_wrong_fields_are_named(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        for token in ("", "salah", "rahasia2"):
            assert (await newsroom.call("POST", "/api/stories", token, json=STORY))[0] == 401
            assert (await newsroom.call("DELETE", "/api/stories/artikel-7", token))[0] == 401
        assert (await newsroom.call("POST", "/api/stories", scheme="Basic", json=STORY))[0] == 401
        assert (await newsroom.call("POST", "/api/stories", "lain", json=STORY))[0] == 201
        for field, value in (
            ("url", "javascript:alert(1)"),
            ("url", ""),
            ("title", "   "),
            ("title", "\u200b\u202e"),
            ("id", ""),
            ("id", "a/b"),
            ("section", "olahraga"),
            ("published_at", "kemarin"),
            ("published_at", "0001-01-01T00:00:00+14:00"),
            ("update", "ya"),
            ("harga", 3),
        ):
            status, problem = await newsroom.publish(**{field: value})
            assert (status, problem["field"]) == (422, field), (field, value)
        status, problem = await newsroom.call("POST", "/api/stories", data=b"{")
        assert (status, problem["field"]) == (422, "body")
        assert (await newsroom.call("POST", "/api/stories", data=BytesIO(b"x" * 1_100_000)))[0] == 413
        for method in ("GET", "DELETE"):
            assert (await newsroom.call(method, "/api/stories/tidak-ada"))[0] == 404


async def test_without_tokens_there_is_no_api(kabar: Kabar) -> None:
    async with cms(kabar, api_tokens="") as newsroom:
        assert (await newsroom.publish())[0] == 404
        assert (await newsroom.call("GET", "/api/openapi.json"))[0] == 404


@on_sqlite
async def test_the_api_describes_itself(kabar: Kabar) -> None:
    async with cms(kabar) as newsroom:
        status, document = await newsroom.call("GET", "/api/openapi.json", token="")
    assert (status, document["openapi"]) == (200, "3.1.0")
    schema = document["paths"]["/api/stories"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == {"id", "url", "title"}
    assert schema["additionalProperties"] is False

"""Around the conversation: people, menus, the panel, the phone, the keyboard, the connection."""

import re

import aiohttp
import pytest
from playwright.async_api import expect

from bot.sandbox.cast import BIMA, EDITOR, GROUP, OLIVER, SARI
from bot.sandbox.server import Server
from tests.sandbox.stage import PHONE, Stage, become, message, unread

pytestmark = pytest.mark.browser


async def test_what_comes_for_others_is_counted_and_a_line_stands_before_it(stage: Stage) -> None:
    stage.world.say(BIMA, "/start")
    await stage.bot.send(BIMA, "lama")
    page = await stage.as_sari()
    for text in ("baru satu", "baru dua"):
        await stage.bot.send(BIMA, text)
    await expect(unread(page, BIMA)).to_have_text("2")
    assert await page.title() == "(2) Kabar"
    await become(page, BIMA)
    await expect(message(page, "baru satu")).to_be_visible()
    order = await page.locator("#log").evaluate("log => [...log.children].map((each) => each.textContent.slice(0, 10))")
    line = order.index("Pesan baru")
    assert (order[line - 1][:4], order[line + 1][:9]) == ("lama", "baru satu")
    await expect(unread(page, BIMA)).to_have_count(0)


async def test_the_command_menu_is_in_the_persons_language_and_narrows_while_typing(stage: Stage) -> None:
    for language, words in (("id", "Berita terbaru"), ("en", "Latest stories")):
        commands = [
            {"command": "latest", "description": words},
            {"command": "help", "description": "?"},
        ]
        await stage.bot.call("setMyCommands", commands=commands, language_code=language)
    stage.world.say(OLIVER, "/start")
    page = await stage.as_sari()
    menu = page.locator("#commands")
    await page.locator("#command-button").click()
    await expect(menu.get_by_role("menuitem").first).to_have_text("/latestBerita terbaru")
    await expect(menu.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#command-button")).to_be_focused()

    await become(page, OLIVER)
    await page.get_by_test_id("composer").press_sequentially("/la")
    await expect(menu.get_by_role("menuitem")).to_have_text(["/latestLatest stories"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(message(page, "/latest")).to_be_visible()
    await expect(menu).to_be_hidden()


async def test_the_bot_can_be_blocked_and_returned_to(stage: Stage) -> None:
    page = await stage.as_sari()
    await page.locator("#menu-button").click()
    await page.get_by_test_id("menu-block").click()
    assert (await stage.bot.got("my_chat_member"))["new_chat_member"]["status"] == "kicked"
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await page.get_by_test_id("start").click()
    assert (await stage.bot.got("my_chat_member", number=2))["new_chat_member"]["status"] == "member"
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def test_in_a_group_one_speaks_as_any_member_and_can_remove_the_bot(stage: Stage) -> None:
    page = await stage.page()
    await become(page, GROUP)
    for number, (person, name) in enumerate(((SARI, "Sari"), (BIMA, "Bima")), 1):
        await page.locator("#speaker").select_option(name)
        await page.get_by_test_id("composer").fill(f"/start dari {name}")
        await page.get_by_test_id("send").click()
        assert (await stage.bot.got("message", number=number))["from"]["id"] == person
    await expect(message(page, "dari Bima")).to_have_class(re.compile("mine"))
    await expect(message(page, "dari Sari").locator(".sender")).to_have_text("Sari")
    await page.locator("#menu-button").click()
    await page.get_by_test_id("menu-block").click()
    assert (await stage.bot.got("my_chat_member"))["new_chat_member"]["status"] == "kicked"
    await page.get_by_role("button", name="Undang bot kembali").click()
    assert (await stage.bot.got("my_chat_member", number=2))["new_chat_member"]["status"] == "member"


async def test_a_new_person_is_added_with_a_language_and_opened(stage: Stage) -> None:
    page = await stage.page()
    await page.locator("#person-name").fill("Laras")
    await page.locator("#person-language").select_option("en")
    await page.keyboard.press("Enter")
    await page.locator("#person-name").press("Enter")
    await expect(page.get_by_role("option", name="Laras")).to_have_attribute("aria-selected", "true")
    await page.get_by_test_id("start").click()
    sender = (await stage.bot.got("message"))["from"]
    assert (sender["first_name"], sender["language_code"]) == ("Laras", "en")


async def test_after_a_lost_connection_the_page_comes_back_with_what_it_missed(stage: Stage) -> None:
    page = await stage.as_sari()
    port = int(stage.server.url.rpartition(":")[2])
    await stage.server.__aexit__(None, None, None)
    await expect(page.get_by_test_id("toast")).to_contain_text("Sambungan terputus")
    stage.world.deliver(stage.world.chats[SARI], {"text": "selama terputus"})
    stage.server = Server(stage.world, port=port)
    async with stage.server:
        await expect(message(page, "selama terputus")).to_be_visible(timeout=20_000)
        await expect(page.get_by_test_id("toast")).to_be_hidden()
        await page.close()
    stage.problems[:] = [each for each in stage.problems if "ERR_" not in each]  # the lost connection itself


async def test_the_panel_shows_totals_pushes_with_their_progress_and_what_just_happened(stage: Stage) -> None:
    page = await stage.page()
    source = {"id": "dunia", "url": "https://news.example/dunia.xml", "last_success": 1.0, "next_poll_at": 2.0}
    push = {"id": 7, "kind": "update", "title": "Gempa kecil", "state": "running", "total": 4000, "failed": 1}
    stage.status |= {
        "sources": [{**source, "stories": 24, "error": ""}],
        "totals": {"subscribers": 4000, "stories": 24, "deliveries": 0},
    }
    panel = page.get_by_test_id("panel")
    await expect(panel).to_contain_text("4.000pembaca")
    stage.status["pushes"] = [{**push, "sent": 1000}]
    card = page.get_by_test_id("push")
    await expect(card).to_contain_text("1.000 / 4.000 · ✕ 1")
    await expect(card.locator("progress")).to_have_js_property("position", 1001 / 4000)
    await expect(page.get_by_test_id("events")).to_contain_text("UPDATE mulai dikirim: Gempa kecil")
    stage.status["pushes"] = [{**push, "sent": 3999, "state": "finished"}]
    stage.status["sources"] = [{**source, "stories": 24, "error": "HTTP 503"}]
    await expect(card).to_contain_text("selesai")
    await expect(page.get_by_test_id("events")).to_contain_text("UPDATE terkirim ke 3.999: Gempa kecil")
    await expect(page.get_by_test_id("events")).to_contain_text("Sumber dunia bermasalah")
    await expect(panel).to_contain_text("HTTP 503")


async def test_an_update_is_published_at_the_press_of_a_button(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_test_id("toast")).to_have_text(stage.newsroom.stories[-1].title)
    assert stage.newsroom.stories[-1].update


async def test_on_a_phone_there_are_three_screens_and_nothing_is_wider_than_them(stage: Stage) -> None:
    page = await stage.as_sari(viewport=PHONE)
    await stage.bot.send(SARI, "x" * 600, [{"text": f"tombol panjang {n}", "callback_data": "x"} for n in range(4)])
    await expect(message(page, "xxx")).to_be_visible()
    body = message(page, "xxx").locator(".text")
    assert await body.evaluate("text => text.scrollWidth <= text.clientWidth")
    rights = await page.locator(".bubble, .key").evaluate_all("all => all.map((e) => e.getBoundingClientRect().right)")
    assert max(rights) <= PHONE["width"]
    screens = page.locator("nav"), page.get_by_test_id("chat"), page.get_by_test_id("panel")
    chat, panel = page.get_by_test_id("chat"), page.get_by_test_id("panel")
    for shown, step in (
        (1, chat.get_by_role("button", name="Di balik layar")),
        (2, panel.get_by_role("button", name="Kembali")),
        (1, chat.get_by_role("button", name="Kembali")),
        (0, None),
    ):
        for at, screen in enumerate(screens):
            await expect(screen).to_be_visible(visible=at == shown)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        touched = page.locator("button:visible:not(.command), .key:visible, select:visible, textarea:visible")
        heights = await touched.evaluate_all("all => all.map((each) => each.getBoundingClientRect().height)")
        assert min(heights) >= 44
        if step is not None:
            await step.click()
    await stage.bot.send(SARI, "selagi melihat daftar")
    await expect(unread(page, SARI)).to_have_text("1")


async def test_on_a_phone_back_leads_through_the_screens(stage: Stage) -> None:
    page = await stage.as_sari(viewport=PHONE)
    await page.get_by_test_id("chat").get_by_role("button", name="Di balik layar").click()
    await expect(page.get_by_test_id("panel")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_test_id("chat")).to_be_visible()
    await page.go_back()
    await expect(page.locator("nav")).to_be_visible()
    await become(page, SARI)
    await page.get_by_test_id("chat").get_by_role("button", name="Kembali").click()
    await expect(page.locator("nav")).to_be_visible()
    await page.go_forward()
    await expect(message(page, "/start")).to_be_visible()


async def test_a_toast_lets_presses_through_to_what_it_covers(stage: Stage) -> None:
    page = await stage.as_sari(viewport=PHONE)
    button = {"text": "tekan", "callback_data": "x"}
    stage.bot.answers["x"] = {"text": "Tersimpan"}
    await stage.bot.send(SARI, "baris\n" * 30, [button])
    await page.get_by_test_id("button").click()
    toast = page.get_by_test_id("toast")
    await expect(toast).to_be_visible()
    boxes = [await place.bounding_box() for place in (toast, page.get_by_test_id("button"))]
    assert boxes[0] and boxes[1] and boxes[0]["y"] + boxes[0]["height"] < boxes[1]["y"]
    assert await toast.evaluate("toast => getComputedStyle(toast).pointerEvents") == "none"


async def test_tab_completes_a_command_and_without_one_leaves_the_field(stage: Stage) -> None:
    page = await stage.as_sari()
    await stage.bot.call("setMyCommands", commands=[{"command": "latest", "description": "Terbaru"}])
    await page.reload()
    await become(page, SARI)
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("/la")
    await composer.press("Tab")
    await expect(composer).to_have_value("/latest ")
    await expect(composer).to_be_focused()
    await composer.press("Tab")
    await expect(composer).not_to_be_focused()


async def test_one_thing_is_counted_in_the_singular_in_english(stage: Stage) -> None:
    stage.status["totals"] = {"subscribers": 1, "stories": 2, "deliveries": 0}
    page = await stage.page(locale="en-GB")
    await expect(page.locator("#totals")).to_have_text("1reader2stories0delivered")


async def test_people_are_walked_with_the_arrows_and_escape_leads_back_to_them(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_test_id("person").first.focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"[data-testid=person][data-id='{EDITOR}']")).to_have_attribute("aria-selected", "true")
    await expect(page.get_by_test_id("start")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator(f"[data-testid=person][data-id='{EDITOR}']")).to_be_focused()


@pytest.mark.parametrize(
    ("locale", "word"), [("id-ID", "Di balik layar"), ("en-GB", "Behind the scenes"), ("fr", "Behind the scenes")]
)
async def test_the_page_speaks_indonesian_to_indonesians_and_english_to_others(
    stage: Stage, locale: str, word: str
) -> None:
    page = await stage.page(locale=locale)
    await expect(page.locator("#panel-title")).to_have_text(word)
    left = await page.evaluate(
        "[...document.querySelectorAll('[data-word], [data-label], [data-placeholder]')].filter((each) =>"
        " ['aria-label', 'placeholder'].some((name) => each.getAttribute(name) === 'undefined')"
        " || each.textContent.includes('undefined')).length"
    )
    assert left == 0


async def test_light_and_dark_follow_the_machine_until_somebody_chooses(stage: Stage) -> None:
    page = await stage.page(color_scheme="dark")
    paint = "getComputedStyle(document.body).backgroundColor"
    dark = await page.evaluate(paint)
    await page.locator("#theme").click()
    light = await page.evaluate(paint)
    await page.reload()
    assert await page.evaluate(paint) == light != dark


async def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(stage: Stage) -> None:
    page = await stage.browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(stage.server.url)
    await page.get_by_test_id("person").first.wait_for()
    assert all(url.startswith(stage.server.url) for url in asked)
    async with aiohttp.ClientSession() as session, session.get(stage.server.url) as answer:
        source = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", source)

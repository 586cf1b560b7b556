"""The conversation: what is written, drawn, pressed and scrolled."""

import re
from pathlib import Path
from typing import Any

import pytest
import resvg_py
from playwright.async_api import expect

from bot.sandbox.cast import GROUP, SARI
from bot.sandbox.pictures import draw
from tests.sandbox.stage import Stage, become, message

pytestmark = pytest.mark.browser

PNG = bytes(resvg_py.svg_to_bytes(svg_string=draw("dunia", 1)))


async def test_start_is_what_a_newcomer_can_do_first(stage: Stage) -> None:
    page = await stage.page()
    await expect(page.get_by_test_id("start")).to_have_text("MULAI")
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await page.get_by_test_id("start").click()
    assert (await stage.bot.got("message"))["text"] == "/start"
    await expect(page.get_by_test_id("composer")).to_be_focused()


async def test_enter_sends_and_shift_enter_is_a_new_line(stage: Stage) -> None:
    page = await stage.as_sari()
    box = page.get_by_test_id("composer")
    await box.press_sequentially("satu")
    await box.press("Shift+Enter")
    await box.press_sequentially("dua")
    await box.press("Enter")
    assert (await stage.bot.got("message", number=2))["text"] == "satu\ndua"
    await expect(message(page, "satu")).to_have_class(re.compile("mine"))
    await expect(box).to_have_value("")


async def test_every_entity_is_drawn_and_they_nest(stage: Stage) -> None:
    page = await stage.as_sari()
    text = "tebal miring garis coret kode blok tautan kutip rahasia 😀 akhir"
    kinds = {
        "bold": "tebal miring",
        "italic": "miring",
        "underline": "garis",
        "strikethrough": "coret",
        "code": "kode",
        "pre": "blok",
        "blockquote": "kutip",
        "spoiler": "rahasia 😀",
    }
    entities: list[dict[str, Any]] = [
        {"type": kind, "offset": text.index(words), "length": len(words.encode("utf-16-le")) // 2}
        for kind, words in kinds.items()
    ]
    link = {"type": "text_link", "offset": text.index("tautan"), "length": 6, "url": "https://news.example/"}
    await stage.bot.send(SARI, text, entities=[*entities, link])
    body = message(page, "akhir").locator(".text")
    await expect(body).to_have_text(text)
    for tag, words in {
        "strong": "tebal miring",
        "strong em": "miring",
        "u": "garis",
        "s": "coret",
        "code": "kode",
        "pre": "blok",
        "blockquote": "kutip",
        "a[href='https://news.example/'][target=_blank]": "tautan",
    }.items():
        await expect(body.locator(tag)).to_have_text(words)
    hidden = body.locator(".spoiler")
    await expect(hidden).to_have_text("rahasia 😀")
    await hidden.press("Enter")
    await expect(hidden).to_have_count(0)


async def test_a_block_ends_its_line_by_itself(stage: Stage) -> None:
    page = await stage.as_sari()
    await stage.bot.send(SARI, "kutip\ntebal", entities=[{"type": "blockquote", "offset": 0, "length": 5}])
    body = message(page, "tebal").locator(".text")
    await expect(body.locator("blockquote")).to_have_text("kutip")
    assert await body.evaluate("text => text.lastChild.data") == "tebal"


async def test_a_folded_quote_unfolds(stage: Stage) -> None:
    page = await stage.as_sari()
    text = "\n".join(f"baris {number}" for number in range(30))
    await stage.bot.send(SARI, text, entities=[{"type": "expandable_blockquote", "offset": 0, "length": len(text)}])
    quote = message(page, "baris 29").locator("blockquote")
    folded = await quote.evaluate("quote => quote.clientHeight < quote.scrollHeight")
    await quote.click()
    assert (folded, await quote.evaluate("quote => quote.clientHeight < quote.scrollHeight")) == (True, False)


async def test_addresses_mentions_hashtags_and_commands_are_found(stage: Stage) -> None:
    page = await stage.as_sari()
    await stage.bot.send(SARI, "Baca https://news.example/a-b. Tanya @redaksi_kabar #banjir lalu /terbaru, bukan a/b")
    body = message(page, "Baca").locator(".text")
    await expect(body.locator("a")).to_have_attribute("href", "https://news.example/a-b")
    await expect(body.locator(".tag")).to_have_text(["@redaksi_kabar", "#banjir"])
    await expect(body.locator(".command")).to_have_text(["/terbaru"])
    await body.locator(".command").click()
    assert (await stage.bot.got("message", number=2))["text"] == "/terbaru"


async def test_what_a_newsroom_writes_never_becomes_markup(stage: Stage) -> None:
    page = await stage.as_sari()
    hostile = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
    stage.world.add_user(hostile)
    await stage.bot.send(SARI, hostile, [{"text": hostile, "callback_data": "x"}])
    stage.status["pushes"] = [
        {"id": 1, "kind": hostile, "title": hostile, "state": hostile, "sent": 1, "total": 1, "failed": 0}
    ]
    stage.status["sources"] = [
        {"id": hostile, "url": hostile, "last_success": None, "next_poll_at": 0, "stories": 0, "error": hostile}
    ]
    await expect(page.get_by_test_id("push")).to_contain_text(hostile)
    await expect(message(page, hostile)).to_be_visible()
    await expect(page.get_by_test_id("person").last).to_contain_text(hostile)
    assert await page.locator("script").count() == 1
    assert await page.locator("img[src=x]").count() == 0
    assert "pwned" not in await page.title()


async def test_a_script_address_is_no_link(stage: Stage) -> None:
    page = await stage.as_sari()
    stage.world.deliver(
        stage.world.chats[SARI],
        {
            "text": "tekan",
            "entities": [{"type": "text_link", "offset": 0, "length": 5, "url": "javascript:alert(1)"}],
            "reply_markup": {"inline_keyboard": [[{"text": "sini", "url": "javascript:alert(1)"}]]},
        },
    )
    await expect(message(page, "tekan")).to_be_visible()
    assert await page.locator("a[href^='javascript']").count() == 0


async def test_a_press_is_answered_by_a_toast_a_dialog_or_an_edit_that_keeps_the_focus(stage: Stage) -> None:
    page = await stage.as_sari()
    key = {"text": "Ikuti", "callback_data": "follow"}
    stage.bot.answers = {
        "toast": {"text": "Disimpan"},
        "alert": {"text": "Hanya untuk admin", "show_alert": True},
        "follow": {"edit": {"text": "Rubrik: diikuti", "reply_markup": {"inline_keyboard": [[key | {"text": "✓"}]]}}},
    }
    row = [{"text": name, "callback_data": name} for name in ("toast", "alert")]
    await stage.bot.send(SARI, "Rubrik", row, [key], [{"text": "Baca", "url": "https://news.example/x"}])

    await page.locator("[data-testid=button][data-data=toast]").click()
    await expect(page.get_by_test_id("toast")).to_have_text("Disimpan")
    await page.locator("[data-testid=button][data-data=alert]").click()
    await expect(page.get_by_test_id("alert")).to_contain_text("Hanya untuk admin")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("alert")).to_be_hidden()

    read = message(page, "Rubrik").get_by_role("link", name="Baca")
    await expect(read).to_have_attribute("target", "_blank")
    await expect(read).to_have_attribute("rel", "noopener noreferrer")

    follow = page.locator("[data-testid=button][data-data=follow]")
    await follow.focus()
    await page.keyboard.press("Enter")
    await expect(follow).to_have_text("✓")
    await expect(follow).to_be_focused()
    await expect(page.get_by_test_id("message")).to_have_count(2)


async def test_a_press_that_opens_the_bot_leads_to_the_persons_own_chat_with_it(stage: Stage) -> None:
    page = await stage.as_sari()
    await become(page, GROUP)
    stage.bot.answers = {"latest": {"url": "https://t.me/kabar_bot?start=latest"}}
    await stage.bot.send(GROUP, "Menu", [{"text": "Terbaru", "callback_data": "latest"}])
    await page.locator("[data-testid=button][data-data=latest]").click()
    await message(page, "/start latest").wait_for()
    came = await stage.bot.got("message", number=2)
    assert (came["text"], came["chat"]["type"]) == ("/start latest", "private")


async def test_a_corrected_message_says_so_and_a_deleted_one_goes(stage: Stage) -> None:
    page = await stage.as_sari()
    number = await stage.bot.send(SARI, "Sepuluh orang")
    await expect(message(page, "Sepuluh orang").locator(".edited")).to_have_count(0)
    await stage.bot.call("editMessageText", chat_id=SARI, message_id=number, text="Sebelas orang")
    await expect(message(page, "Sebelas orang").locator(".edited")).to_have_text("diedit")
    await expect(page.get_by_test_id("person").first).to_contain_text("Sebelas orang")
    await stage.bot.call("deleteMessage", chat_id=SARI, message_id=number)
    await expect(page.get_by_test_id("message").filter(has_text="Sebelas")).to_have_count(0)


async def test_the_bot_is_seen_typing(stage: Stage) -> None:
    page = await stage.as_sari()
    await stage.bot.call("sendChatAction", chat_id=SARI, action="typing")
    await expect(page.locator(".typing")).to_be_visible()
    await expect(page.locator("#chat-status")).to_have_text("sedang mengetik…")
    await stage.bot.send(SARI, "Sudah")
    await expect(page.locator(".typing")).to_have_count(0)


async def test_who_reads_further_up_stays_there_and_is_told_how_much_came(stage: Stage) -> None:
    page = await stage.as_sari()
    for number in range(20):
        await stage.bot.send(SARI, f"pesan {number}\n\n\n")
    await expect(message(page, "pesan 19")).to_be_in_viewport()
    await page.locator("#log").evaluate("log => log.scrollTo(0, 0)")
    await stage.bot.send(SARI, "yang terbaru")
    button = page.locator("#to-bottom")
    await expect(button).to_contain_text("1")
    await expect(message(page, "yang terbaru")).not_to_be_in_viewport()
    await button.click()
    await expect(message(page, "yang terbaru")).to_be_in_viewport()
    await expect(button).to_be_hidden()


async def test_a_photo_goes_with_its_caption_and_is_shown(stage: Stage, tmp_path: Path) -> None:
    page = await stage.as_sari()
    (tmp_path / "foto.png").write_bytes(PNG)
    await page.get_by_test_id("composer").fill("Dari pantai")
    await page.locator("#photo").set_input_files(tmp_path / "foto.png")
    got = await stage.bot.got("message", number=2)
    assert (got["caption"], got["photo"][-1]["file_size"]) == ("Dari pantai", len(PNG))
    picture = message(page, "Dari pantai").locator("img")
    await expect(picture).to_have_js_property("naturalWidth", 1280)


async def test_the_last_own_message_is_edited_with_the_arrow_up(stage: Stage) -> None:
    page = await stage.as_sari()
    box = page.get_by_test_id("composer")
    await box.fill("Salm")
    await box.press("Enter")
    await expect(message(page, "Salm")).to_be_visible()
    await box.press("ArrowUp")
    await expect(box).to_have_value("Salm")
    await box.fill("Salam")
    await box.press("Enter")
    assert (await stage.bot.got("edited_message"))["text"] == "Salam"
    await expect(message(page, "Salam").locator(".edited")).to_have_text("diedit")
    await box.press("ArrowUp")
    await box.press("Escape")
    await expect(box).to_have_value("")


async def test_of_a_long_chat_the_newest_are_drawn_and_earlier_ones_when_asked_for(stage: Stage) -> None:
    stage.world.say(SARI, "/start")
    for number in range(1, 500):
        stage.world.deliver(stage.world.chats[SARI], {"text": f"pesan {number}."})
    page = await stage.page()
    await become(page, SARI)
    drawn = page.get_by_test_id("message")
    await expect(drawn).to_have_count(200)
    await expect(message(page, "pesan 499.")).to_be_in_viewport()
    for count in (400, 500):
        await page.get_by_role("button", name="Pesan sebelumnya").click()
        await expect(drawn).to_have_count(count)
    await expect(page.get_by_role("button", name="Pesan sebelumnya")).to_have_count(0)
    numbers = await drawn.evaluate_all("all => all.map((each) => Number(each.dataset.id))")
    assert numbers == list(range(1, 501))


async def test_a_chat_that_grows_for_hours_keeps_a_bounded_page(stage: Stage) -> None:
    page = await stage.as_sari()
    for number in range(420):
        stage.world.deliver(stage.world.chats[SARI], {"text": f"pesan {number}."})
    await expect(message(page, "pesan 419.")).to_be_visible()
    assert await page.get_by_test_id("message").count() <= 400
    await expect(page.get_by_role("button", name="Pesan sebelumnya")).to_have_count(1)

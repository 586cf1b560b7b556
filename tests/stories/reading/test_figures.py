"""Tests that picture captions are separated from the story."""

import pytest

from bot.stories.reading.figures import without_captions
from bot.stories.reading.summaries import summary_of
from tests.growth import QUADRATIC, growth

STORY = "<p>Warga Sukamaju membersihkan rumah setelah banjir surut. Kegiatan dimulai pagi hari.</p>"
CAPTION = "Seorang ibu menjemur kasur di halaman balai desa (ANTARA/Budi)"


@pytest.mark.parametrize(
    "figure",
    [
        "<figure class='wp-block-image'><img src='/r.jpg'/><figcaption>{}</figcaption></figure>",
        "<figure><img src='/r.jpg'><figcaption class=x><em>{}</em></figcaption></figure>",
        "<div id='a' class='wp-caption aligncenter'><img src='/r.jpg'/><p class='wp-caption-text'>{}</p></div>",
        "<div class='foto'><img src=/r.jpg><small class=image-caption>{}</small></div>",
        "<FIGURE><IMG SRC=/r.jpg><FIGCAPTION>{}</FIGCAPTION></FIGURE>",
    ],
)
def test_the_story_begins_after_its_pictures_caption(figure: str) -> None:
    markup = figure.format(CAPTION) + STORY
    rest, caption = without_captions(markup)
    assert caption == CAPTION
    assert STORY in rest and "menjemur" not in rest
    assert summary_of(markup).startswith("Warga Sukamaju membersihkan rumah")


def test_a_story_about_captions_is_left_unchanged() -> None:
    markup = "<p class=isi>Kata caption dan figcaption ditulis di sini.</p><figcaption>tak ditutup"
    assert without_captions(markup) == (markup, "")


@pytest.mark.parametrize(
    "piece", ["<figcaption>", "<p class=caption>", "<p class=caption>a</p>", "<p class='" + "caption" * 60]
)
def test_hostile_markup_takes_no_longer_for_each_byte_than_other_markup(piece: str) -> None:
    assert growth(lambda size: without_captions(piece * (size // len(piece))), 50_000) < QUADRATIC

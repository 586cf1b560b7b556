"""Removes page furniture from an article's lines: pagers, tags, share buttons, lists of other stories. Pure."""

import re

from bot.stories.reading.cleaning import one_line

_PAGER = re.compile(r"^(?:halaman|page|laman)\b[\s\d:/.]*(?:selanjutnya|berikutnya|next|all)?$", re.IGNORECASE)
_TAGS = re.compile(r"^(?:tags?|topik|kata kunci|keywords?)\s*(?::|$)", re.IGNORECASE)
_LINE = re.compile(
    r"^\W*(?:(?:scroll|gulir|swipe)\s(?:untuk|to|down|ke)\b.{0,60}|advertisement|iklan|lanjutkan membaca.{0,40}"
    r"|(?:fotografer|photographer|videografer|ilustrator|juru foto)\s*[:\-].{0,80}"
    r"|(?:foto|photo|gambar|video|image)(?:\s+(?:by|oleh))?\s*:.{0,80}|(?:©|copyright|hak cipta"
    r"|\(c\))\W.{0,30}\d{4}.{0,80}"
    r"|(?:share|bagikan|tweet|print|cetak|salin tautan|copy link|facebook|twitter|whatsapp|telegram|komentar|comments?)"
    r"|\d+\s*(?:shares?|views?|komentar|comments?|kali dibaca|menit baca|min(?:ute)?s?\s+read)"
    r"|(?:dapatkan|ikuti|follow|cek|temukan) (?:update|berita|kami|us|artikel).{0,200}"
    r"|(?:google news|whatsapp channel|channel telegram|saluran whatsapp).{0,100})\W*$",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"^(?:komentar|comments?|kommentare|tanggapan pembaca|jajak pendapat|(?P<others>berita lain(?:nya)?"
    r"|(?:berita|artikel) (?:terkait|populer|terpopuler|terbaru)|related (?:stories|articles"
    r"|news|posts|content)|more from"
    r"|rekomendasi(?: untuk anda)?|most (?:read|popular)|you may also like|recommended(?: for "
    r"you)?|trending))\b.{0,25}$",
    re.IGNORECASE,
)
_SHARED = (
    r"facebook|twitter|x|google\+?|google plus|e-?mail|whatsapp|telegram|line|linkedin|pinterest"
    r"|reddit|messenger|threads"
    r"|tumblr|copy link|salin tautan|salin link|print|cetak|share|bagikan|tweet|pin|save|simpan|komentar|comments?"
)
_SHARE_RUN = re.compile(
    rf"(?:\b\d+\s*shares?\b\W*)?(?:(?<!\w)(?:{_SHARED})(?!\w)[\s/|·,•]{{0,5}}+){{3,30}}", re.IGNORECASE
)
_LONGEST = 400  # characters; a longer line is part of the story
_OPENING = 400  # characters of the first line in which share buttons are searched
_BEFORE_BUTTONS = 200  # characters of headline and byline before them


def is_furniture(line: str) -> bool:
    if len(line) > _LONGEST:
        return False
    return _PAGER.match(line) is not None or _TAGS.match(line) is not None or _LINE.match(line) is not None


def without_what_follows(lines: list[str]) -> list[str]:
    """The lines before the comments section or a list of other stories."""
    for number, line in enumerate(lines):
        if heading := _FOLLOWS.match(line):
            characters_before, characters_after = sum(map(len, lines[:number])), sum(map(len, lines[number:]))
            if characters_before > (2 if heading["others"] else 4) * characters_after:
                return lines[:number]
    return lines


def without_opening(lines: list[str], title: str) -> list[str]:
    """Drop headline, byline and share buttons where the first line begins with them."""
    if not lines:
        return lines
    first = lines[0]
    if title and first.casefold().startswith(title.casefold()) and len(first) > len(title) + 40:
        first = first[len(title) :].lstrip(" .:|–—-")
    if (buttons := _SHARE_RUN.search(first[:_OPENING])) and buttons.start() <= _BEFORE_BUTTONS:
        before = first[: buttons.start()]
        if not re.search(r"[.!?]\s", before):  # a sentence before the buttons belongs to the story
            first = first[buttons.end() :].lstrip(" .:|–—-/")
    return [one_line(first), *lines[1:]] if first else lines[1:]

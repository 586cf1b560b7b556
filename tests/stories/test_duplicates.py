"""The same news twice is one story; two stories of one event are two."""

from bot.stories.duplicates import Text, closest

FLOOD = Text(
    1,
    "Banjir surut di tiga desa Kabupaten Tanah Merah",
    "Warga mulai membersihkan lumpur dari rumah mereka setelah air yang menggenang sejak Senin malam akhirnya surut.",
)
HARVEST = Text(
    2,
    "Panen raya di lereng utara melimpah",
    "Petani memanen sejak subuh di lereng utara, dan harga kopi di pasar kabupaten naik dibanding musim lalu.",
)
KNOWN = [FLOOD, HARVEST]


def test_an_agencys_copy_is_the_same_story() -> None:
    copy = Text(
        0,
        "Banjir di tiga desa Kabupaten Tanah Merah surut",
        "Warga mulai membersihkan lumpur dari rumah setelah air yang menggenang sejak Senin malam akhirnya surut.",
    )
    assert closest(copy, KNOWN) == 1


def test_another_story_of_the_same_event_is_another_story() -> None:
    reaction = Text(
        0,
        "Bupati janjikan bantuan bagi korban banjir Tanah Merah",
        "Bupati mengatakan bantuan beras dan selimut tiba besok bagi warga tiga desa yang rumahnya terendam lumpur.",
    )
    assert closest(reaction, KNOWN) is None


def test_a_number_that_differs_tells_stories_apart() -> None:
    def quake(id: int, strength: str, place: str) -> Text:
        summary = f"Gempa bermagnitudo {strength} mengguncang {place} siang ini tanpa ancaman tsunami, kata badan itu."
        return Text(id, f"Gempa M {strength} guncang {place}", summary)

    assert closest(quake(0, "6,1", "Teluk Awan"), [quake(1, "5,2", "Teluk Awan"), FLOOD]) is None
    assert closest(quake(0, "5,2", "Teluk Awan"), [quake(1, "5,2", "Teluk Awan"), FLOOD]) == 1


def test_too_few_words_tell_nothing() -> None:
    assert closest(Text(0, "Banjir surut", ""), [Text(1, "Banjir surut", "")]) is None
    assert closest(FLOOD, []) is None

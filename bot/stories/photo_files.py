"""Photos that Telegram does not take by their address: fetched by us, and made JPEGs that it takes as files."""

from bot.delivery.photos import NoPhoto
from bot.stories.reading import isolated, parsing
from bot.stories.reading.feed_items import Unreadable
from bot.stories.reading.fetcher import Fetcher, FetchError, place_of

ACCEPT = "image/jpeg, image/png, image/webp, image/avif;q=0.9, image/gif;q=0.8, */*;q=0.1"
BYTES_AT_MOST = 20_000_000
FETCH_SECONDS = 10.0


def photo_fetcher(*, private: bool | frozenset[str], user_agent: str) -> Fetcher:
    """A fetcher for photos alone: they take no turns with the polls of their site, which may hang longer."""
    return Fetcher(private=private, user_agent=user_agent, max_bytes=BYTES_AT_MOST, timeout=FETCH_SECONDS)


async def fetch_jpeg(fetcher: Fetcher, address: str) -> bytes:
    """The picture at the address as a JPEG. Raises NoPhoto."""
    isolated.start(isolated.PICTURES)  # it gets ready while the picture is fetched
    try:
        response = await fetcher.fetch(address, accept=ACCEPT)
        if response.status != 200:
            raise NoPhoto(f"its server answers {response.status}", turned_away=True)
        return await parsing.picture(place_of(response.url), response.body)
    except (FetchError, Unreadable, isolated.ParserFailed) as error:
        raise NoPhoto(str(error)) from error

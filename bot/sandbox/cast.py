"""The people of the sandbox, all invented: three readers, an editor, and a group."""

from bot.sandbox.world import World

SARI, BIMA, OLIVER, EDITOR, GROUP = 1001, 1002, 1003, 9001, -1_000_000_200_300


def cast(world: World) -> None:
    """Add them to the world. Nobody has started the bot yet."""
    world.add_user("Sari", language="id", id=SARI)
    world.add_user("Bima", language="id", id=BIMA)
    world.add_user("Oliver", language="en", id=OLIVER)
    world.add_user("Ratna (Redaksi)", language="id", id=EDITOR)
    world.add_group("Warung Kopi", members=[BIMA], admins=[SARI], id=GROUP)

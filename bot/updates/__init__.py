"""Updates: taken from Telegram (intake), stored until they are handled (inbox), in order within a chat (queues)."""

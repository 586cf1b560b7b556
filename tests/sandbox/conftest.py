"""The stage on which the chat page is tested."""

from tests.sandbox.stage import stage as stage

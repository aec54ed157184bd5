"""What members are told: in the wallet's inbox and by message."""

from members.notices.telling import notify, unread

__all__ = ["notify", "unread"]

"""What members are told: in the wallet's inbox and by message."""

from members.notices.telling import notify, notify_owner, unread

__all__ = ["notify", "notify_owner", "unread"]

"""What members are told: in the wallet's inbox and by message."""
